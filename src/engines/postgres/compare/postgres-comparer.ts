import type { CompareContext, CompareRequest, Comparer, Comparison } from "../../../ports/comparison.ts";
import { resolveConnection } from "../../../wire/postgres/conninfo/resolve-connection.ts";
import { compareDatabases } from "./compare-databases.ts";

/** Compares PostgreSQL databases. */
export function createPostgresComparer(): Comparer {
  return {
    async compare(request: CompareRequest, context: CompareContext): Promise<Comparison> {
      const left = resolveConnection(request.left);
      const right = resolveConnection(request.right);
      for (const message of new Set([...left.warnings, ...right.warnings])) {
        context.progress.emit({ event: "warning", message });
      }
      return await compareDatabases({ left, right }, request, context);
    },
  };
}
