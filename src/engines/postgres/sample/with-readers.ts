import { BackupError } from "../../../core/backup-error.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { type DumpSession, exportSnapshot, joinSnapshot } from "../dump/dump-session.ts";
import type { SampledTrees } from "./read-trees.ts";

export interface ReaderOptions {
  /** How many connections read, the session's included. */
  readonly jobs: number;
  /** Opens another connection like the session's, to the same server. */
  readonly connect: () => Promise<PgConnection>;
}

/** Fewer pages than this a connection are read sooner than it is opened: 16 MiB. */
const LEAST_PAGES_OF_READER = 2048;
/**
 * Each connection locks all that it may read, and the server's table of locks has a bound: databases of more tables, which
 * are mostly small, are read by one.
 */
const MAX_RELATIONS = 500;

/** Runs `work` with as many connections in the session's snapshot as there is to read; what is opened here is closed then. */
export async function withReaders<T>(
  session: DumpSession,
  { relations, pages }: Pick<SampledTrees, "relations" | "pages">,
  { jobs, connect }: ReaderOptions,
  work: (connections: readonly PgConnection[]) => Promise<T>,
): Promise<T> {
  const total = [...pages.values()].reduce((sum, count) => sum + count, 0);
  const wanted = relations.length > MAX_RELATIONS ? 1 : Math.min(jobs, Math.ceil(total / LEAST_PAGES_OF_READER));
  const helpers: PgConnection[] = [];
  const snapshot = wanted > 1 ? await exportSnapshot(session) : "";
  try {
    while (helpers.length < wanted - 1) helpers.push(await openHelper(session, snapshot, relations, connect));
  } catch (error) {
    // Fewer do as well; the copying of rows tells if that stays so.
    if (!(error instanceof BackupError) || error.code === "INTERRUPTED") {
      await closeAll(helpers);
      throw error;
    }
  }
  try {
    return await work([session.connection, ...helpers]);
  } finally {
    await closeAll(helpers);
  }
}

async function openHelper(
  { settings }: DumpSession,
  snapshot: string,
  relations: readonly string[],
  connect: () => Promise<PgConnection>,
): Promise<PgConnection> {
  const connection = await connect();
  try {
    await joinSnapshot(connection, settings, snapshot, relations);
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function closeAll(connections: readonly PgConnection[]): Promise<void> {
  await Promise.all(connections.map((connection) => connection.close()));
}
