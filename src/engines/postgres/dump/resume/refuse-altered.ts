import { BackupError } from "../../../../core/backup-error.ts";
import { ServerError } from "../../../../wire/postgres/server-error.ts";
import type { RunQuery } from "../../objects/catalog-queries.ts";
import type { NameDecoder } from "../name-decoder.ts";

/**
 * Refuses tables that an old snapshot does not see as they were, since no lock kept anybody away between two runs:
 *
 * - Those with new files: TRUNCATE and some ALTER TABLE leave nothing for older snapshots. (VACUUM FULL and CLUSTER would
 *   do no harm, but cannot be told apart.)
 * - Those of which a column has another name: COPY takes columns by the names that they have now, and would give the rows
 *   of another one without a word.
 *
 * What the catalogues say is of the snapshot; what pg_relation_filenode and pg_identify_object_as_address say is of now.
 * @param oids tables that are locked, and will be read
 * @throws BackupError PRECHECK
 */
export async function refuseAltered(rows: RunQuery, oids: readonly number[], decodeName: NameDecoder): Promise<void> {
  if (oids.length === 0) return;
  const tables =
    "pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace " +
    `JOIN pg_catalog.unnest('{${oids.join(",")}}'::pg_catalog.oid[]) AS read(oid) ON read.oid = c.oid`;
  const [rewritten] = await rows(
    `SELECT n.nspname, c.relname FROM ${tables} WHERE c.relkind = 'r' AND c.relfilenode <> 0 ` +
      "AND c.relfilenode IS DISTINCT FROM pg_catalog.pg_relation_filenode(c.oid) ORDER BY c.oid LIMIT 1",
  );
  const nameOf = ({ nspname, relname }: Readonly<Record<string, string | null>>): string =>
    `${decodeName(nspname!)}.${decodeName(relname!)}`;
  if (rewritten !== undefined) throw altered("was emptied or rewritten", nameOf(rewritten));
  const [renamed] = await rows(
    `SELECT n.nspname, c.relname FROM ${tables} JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid ` +
      "WHERE a.attnum > 0 AND NOT a.attisdropped AND ARRAY[n.nspname, c.relname, a.attname]::pg_catalog.text[] " +
      `IS DISTINCT FROM (pg_catalog.pg_identify_object_as_address(1259, c.oid, a.attnum)).object_names ` +
      "ORDER BY c.oid LIMIT 1",
  ).catch((error: unknown) => {
    // Before 14 the server takes it for its own fault when a column is gone.
    throw error instanceof ServerError && error.sqlState === "XX000"
      ? altered("lost columns", undefined, error)
      : error;
  });
  if (renamed !== undefined) throw altered("or a column of it got another name", nameOf(renamed));
}

function altered(what: string, table: string | undefined, cause?: unknown): BackupError {
  return new BackupError({
    code: "PRECHECK",
    message: `${table === undefined ? "a" : "the"} table ${what} after the snapshot was taken, which may not see its rows as they were`,
    ...(table === undefined ? {} : { object: table }),
    hint: "begin a new backup; until it is complete let nobody TRUNCATE, ALTER, CLUSTER or VACUUM FULL",
    cause,
  });
}
