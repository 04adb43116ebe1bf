import { BackupError } from "../../../../core/backup-error.ts";
import type { SourceState } from "../../../../ports/dump.ts";
import type { Capabilities } from "../../capabilities.ts";
import type { RunQuery } from "../../objects/catalog-queries.ts";

/** Where a standby stands still. */
export interface ReplayMoment {
  readonly isInRecovery: boolean;
  readonly isPaused: boolean;
  readonly lsn: string | null;
}

/**
 * Asks how far a standby has replayed, and whether it goes on. Before 14 `isPaused` says that it was asked to pause: one
 * more record may follow.
 */
export async function readReplay(rows: RunQuery, { replayPauseState }: Capabilities): Promise<ReplayMoment> {
  const paused = replayPauseState
    ? "pg_catalog.pg_get_wal_replay_pause_state() = 'paused'"
    : "pg_catalog.pg_is_wal_replay_paused()";
  const [row] = await rows(
    "SELECT pg_catalog.pg_is_in_recovery() AS recovering, pg_catalog.pg_last_wal_replay_lsn() AS lsn, " +
      `CASE WHEN pg_catalog.pg_is_in_recovery() THEN ${paused} ELSE false END AS paused`,
  );
  return { isInRecovery: row!.recovering === "t", isPaused: row!.paused === "t", lsn: row!.lsn ?? null };
}

/**
 * What tells that two sessions see the same state of the same database: the server, as it was started, and either a snapshot
 * that somebody holds, or the position at which a standby stands still. To be asked in the transaction that reads, when its
 * snapshot is taken.
 * @param snapshot the name of the one that is held
 * @param before asked before the transaction began, on a standby: the snapshot was taken between the two
 * @throws BackupError PRECHECK when nothing of the kind is there
 */
export async function readSourceState(
  rows: RunQuery,
  capabilities: Capabilities,
  snapshot: string | undefined,
  before: ReplayMoment,
): Promise<SourceState> {
  const [facts] = await rows(
    "SELECT pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time()) AS started, session_user AS login, " +
      "current_user AS role, pg_catalog.current_setting('TimeZone') AS zone, " +
      "pg_catalog.current_setting('lc_monetary') AS money, d.oid AS oid, d.datname AS name, pg_catalog.txid_current_snapshot() AS seen, " +
      "pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'execute') AND " +
      "pg_catalog.has_function_privilege('pg_catalog.pg_control_checkpoint()', 'execute') AS control " +
      "FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()",
  );
  const { started, login, role, zone, money, oid, name, seen, control } = facts!;
  const state = {
    server_started: started!,
    database: `${oid} ${name}`,
    user: login === role ? login! : `${login} ${role}`,
    // All else that the text of rows hangs on is the same in every dump.
    row_settings: `TimeZone ${zone}, lc_monetary ${money}`,
    ...(control === "t" ? await readControl(rows) : {}),
  };
  if (snapshot !== undefined) return { ...state, snapshot, snapshot_seen: seen! };
  const replay = await readReplay(rows, capabilities);
  if (!replay.isInRecovery) throw nothingHeld();
  if (!replay.isPaused || !before.isPaused) throw notPaused();
  if (replay.lsn !== before.lsn) throw replayWentOn();
  return { ...state, replayed: replay.lsn ?? "" };
}

/** A query of its own: the planner checks the right to a function even when it is never called. */
async function readControl(rows: RunQuery): Promise<SourceState> {
  const [row] = await rows(
    "SELECT s.system_identifier, c.timeline_id FROM pg_catalog.pg_control_system() s, pg_catalog.pg_control_checkpoint() c",
  );
  return { system_identifier: row!.system_identifier!, timeline: row!.timeline_id! };
}

const whatDiffers: Readonly<Record<string, string>> = {
  server_started: "the server was restarted since",
  system_identifier: "it was begun on another server",
  timeline: "the server has become another timeline since",
  database: "it was begun with another database, or this one was made anew or renamed since",
  user: "it was begun as another user or role",
  row_settings: "the session has other settings, TimeZone or lc_monetary",
  snapshot: "it was begun with another snapshot, or on a standby without one",
  snapshot_seen: "the snapshot of that name is another one",
  replayed: "the standby has replayed more since",
  data: "this version of dbbackup finds other tables or large objects in it than the one that began it, or in another order",
};

/** The right to ask for them may have been given or taken since. */
const mayLack: ReadonlySet<string> = new Set(["system_identifier", "timeline"]);

/** A hint. */
export const beginAnew = "what would be added belongs to another moment than what is there: begin a new backup";

/** @throws BackupError PRECHECK when what is read now is not what the interrupted dump read */
export function refuseOtherSource(before: SourceState, now: SourceState): void {
  // What was the reason of another difference comes first.
  const differs = (key: string): boolean =>
    before[key] !== now[key] && !(mayLack.has(key) && !(key in before && key in now));
  const name = Object.keys(whatDiffers).find(differs);
  if (name === undefined) return;
  throw new BackupError({
    code: "PRECHECK",
    message: `the backup cannot be resumed: ${whatDiffers[name]}`,
    hint: beginAnew,
  });
}

function nothingHeld(): BackupError {
  return new BackupError({
    code: "PRECHECK",
    message: "a resumed backup would not show one moment: there is no --snapshot, and the server is no standby",
    hint: "let a session hold one (BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_export_snapshot();) and name it with --snapshot, or back up a standby after pg_wal_replay_pause()",
  });
}

function notPaused(): BackupError {
  return new BackupError({
    code: "PRECHECK",
    message: "a resumed backup would not show one moment: the standby goes on replaying",
    hint: "pause it until the backup is complete (SELECT pg_wal_replay_pause();), or name a snapshot that a session holds with --snapshot",
  });
}

function replayWentOn(): BackupError {
  return new BackupError({
    code: "PRECHECK",
    message: "the standby has replayed more while the backup began",
    hint: "run it again",
    retry: "maybe",
  });
}
