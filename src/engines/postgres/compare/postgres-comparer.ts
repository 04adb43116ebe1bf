import type { CompareContext, CompareRequest, Comparer, Comparison } from "../../../ports/comparison.ts";
import type { ConnectionRequest } from "../../../ports/connection-request.ts";
import type { ConnectionSpec } from "../../../wire/postgres/connection-spec.ts";
import { compareDatabases } from "./compare-databases.ts";

/** Compares two PostgreSQL databases. */
export class PostgresComparer implements Comparer {
  readonly #resolve: (request: ConnectionRequest) => Promise<ConnectionSpec>;

  /** @param resolve completes what was said about a server by environment, files and defaults */
  constructor(resolve: (request: ConnectionRequest) => Promise<ConnectionSpec>) {
    this.#resolve = resolve;
  }

  async compare(request: CompareRequest, context: CompareContext): Promise<Comparison> {
    const left = await this.#resolve(request.left);
    const right = await this.#resolve(request.right);
    return compareDatabases({ left, right }, request, context);
  }
}
