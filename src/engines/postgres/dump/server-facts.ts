import type { RunQuery } from "../objects/catalog-queries.ts";

/** What identifies the server and the moment of a dump. */
export interface ServerFacts {
  readonly systemIdentifier?: string;
  readonly snapshotLsn?: string;
  /** The oldest transaction that was running when the snapshot was taken. */
  readonly xmin: string;
  /** In whose way amounts of money are written. */
  readonly monetaryLocale: string;
}

/** Asks for identity and log position, as far as this user may. Called before all else, right after the snapshot was taken. */
export async function readServerFacts(rows: RunQuery): Promise<ServerFacts> {
  const [row] = await rows(
    "SELECT pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'execute') AS control, " +
      "CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn() " +
      "ELSE pg_catalog.pg_current_wal_lsn() END AS lsn, " +
      "pg_catalog.txid_snapshot_xmin(pg_catalog.txid_current_snapshot()) AS xmin, " +
      "pg_catalog.current_setting('lc_monetary') AS monetary",
  );
  // Not in the query above: the planner checks the right to a function even when it is never called.
  const [system] =
    row?.control === "t" ? await rows("SELECT system_identifier FROM pg_catalog.pg_control_system()") : [];
  return {
    xmin: row!.xmin!,
    monetaryLocale: row!.monetary!,
    ...(system?.system_identifier ? { systemIdentifier: system.system_identifier } : {}),
    ...(row?.lsn ? { snapshotLsn: row.lsn } : {}),
  };
}
