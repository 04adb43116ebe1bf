import { BackupError } from "../../../core/backup-error.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { ServerError } from "../../../wire/postgres/server-error.ts";
import type { NameDecoder } from "../dump/name-decoder.ts";

export interface AnalyzeOptions {
  /** Opens a session of binary text in the database. */
  readonly connect: () => Promise<PgConnection>;
  /** Sessions that work beside each other; those that cannot be opened are done without. */
  readonly jobs: number;
  /** Schema and name, joined by a NUL, as binary strings. Undefined: all of the database, its catalogues too. */
  readonly only: ReadonlySet<string> | undefined;
  readonly decode: NameDecoder;
}

/** Largest first; partitioned tables last, since their statistics are those of rows that are in the cache by then. */
const tables = `
  SELECT n.nspname, c.relname, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't'
  ORDER BY c.relkind = 'p', pg_catalog.pg_relation_size(c.oid) DESC, c.oid`;

/**
 * Runs ANALYZE on tables and materialized views, so that the planner knows them without waiting for autovacuum.
 * @returns what the server refused, as warnings.
 */
export async function analyzeTables({ connect, jobs, only, decode }: AnalyzeOptions): Promise<string[]> {
  await using first = await connect();
  const { rows } = await first.query(tables);
  const names = rows.flatMap(([schema, relation, name]) =>
    only === undefined || only.has(`${schema}\0${relation}`) ? [name!] : [],
  );
  const opened = await Promise.allSettled(Array.from({ length: Math.min(jobs, names.length) - 1 }, connect));
  await using helpers = new AsyncDisposableStack();
  const sessions = [first];
  for (const one of opened) if (one.status === "fulfilled") sessions.push(helpers.use(one.value));
  const failed = opened.find((one) => one.status === "rejected")?.reason as unknown;
  if (failed !== undefined && !(failed instanceof BackupError && failed.code !== "INTERRUPTED")) throw failed;

  const warnings: string[] = [];
  let next = 0;
  const work = async (session: PgConnection): Promise<void> => {
    while (next < names.length) {
      const name = names[next++]!;
      try {
        await session.query(`ANALYZE ${name}`);
      } catch (error) {
        if (!(error instanceof ServerError) || error.code !== "SERVER") throw error;
        warnings.push(`no statistics of ${decode(name)}: ${error.message}`);
      }
    }
  };
  await Promise.all(sessions.map(work));
  return warnings;
}
