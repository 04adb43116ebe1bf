import type { Codec } from "../../../ports/codec.ts";
import type { CompareContext, Comparer } from "../../../ports/comparison.ts";
import type { ConnectionRequest } from "../../../ports/connection-request.ts";
import type { ConnectionSpec } from "../../../wire/postgres/connection-spec.ts";
import { resolveConnection } from "../../../wire/postgres/conninfo/resolve-connection.ts";
import { compareDatabases } from "./compare-databases.ts";
import { compareWithBackup } from "./compare-with-backup.ts";

/**
 * Compares PostgreSQL databases with each other and with backups.
 * @param program name and version of this program
 */
export function createPostgresComparer(program: string, codec: Codec): Comparer {
  return {
    async compare(request, context) {
      const [left, right] = resolve([request.left, request.right], context);
      return await compareDatabases({ left: left!, right: right! }, request, context, program);
    },

    async compareWithBackup(request, context) {
      const [spec] = resolve([request.database], context);
      return await compareWithBackup(spec!, request, context, { program, codec });
    },
  };
}

function resolve(requests: readonly ConnectionRequest[], { progress }: CompareContext): ConnectionSpec[] {
  const specs = requests.map((request) => resolveConnection(request));
  const warnings = new Set(specs.flatMap((spec) => spec.warnings));
  for (const message of warnings) progress.emit({ event: "warning", message });
  return specs;
}
