import { Deadline } from "../net/deadline.ts";
import type { PgConnection } from "./connection.ts";
import { ServerError } from "./server-error.ts";

/** Whether and how a pooler stands between us and the server. */
export type Pooling = "none" | "session" | "transaction";

/** A pool in session mode whose servers are all taken lets a second connection wait. */
const secondConnectionMs = 5000;

/**
 * Finds out whether connections keep their server process. A pooler hands out process ids of its own at login, so a
 * server that confirms the id we got is reached directly, and nothing more is asked. Otherwise a second connection tells:
 * in transaction mode it is given the process that the first one is not using at the moment, or the first one changes its
 * process while the second holds one.
 * @param first what {@link serverProcess} said of the connection.
 */
export async function findPooling(
  connection: PgConnection,
  first: number,
  connect: (signal: AbortSignal) => Promise<PgConnection>,
  signal?: AbortSignal,
): Promise<Pooling> {
  if (first === connection.processId) return "none";
  using deadline = new Deadline(secondConnectionMs, () => new Error("no second connection"), signal);
  try {
    await using second = await connect(deadline.signal);
    return await compare(connection, first, second);
  } catch (error) {
    // It waits because the first one holds the only server, also between its transactions.
    if (deadline.signal.aborted && signal?.aborted !== true) return "session";
    throw error;
  }
}

async function compare(connection: PgConnection, first: number, second: PgConnection): Promise<Pooling> {
  try {
    await second.query("begin");
  } catch (error) {
    // In statement mode there are no transactions at all.
    if (error instanceof ServerError) return "transaction";
    throw error;
  }
  if ((await serverProcess(second)) === first) return "transaction";
  return (await serverProcess(connection)) === first ? "session" : "transaction";
}

/** The id of the process that answers; NaN when what answers knows no such thing. */
export async function serverProcess(connection: PgConnection): Promise<number> {
  try {
    return Number((await connection.query("select pg_catalog.pg_backend_pid()")).rows[0]?.[0]);
  } catch (error) {
    if (error instanceof ServerError && error.code === "SERVER") return Number.NaN;
    throw error;
  }
}
