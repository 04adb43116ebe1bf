import { BackupError } from "../../../core/backup-error.ts";

/**
 * serialization_failure: only a standby says it to a transaction that never writes. When it ends the session for it, its own hint is to
 * connect again, which ends in the same way.
 */
const recoveryConflict = "40001";

/** What to do about an error that ended a dump, where the server itself does not say. By SQLSTATE. */
const hints: Readonly<Record<string, string>> = {
  [recoveryConflict]:
    "the standby had to apply changes that this snapshot still needed: set hot_standby_feedback = on or raise max_standby_streaming_delay on it, or back up the primary",
  "42501":
    "grant this user SELECT on every table and sequence and USAGE on every schema (role pg_read_all_data, from PostgreSQL 14 on); where row security applies, use the owner or a role with BYPASSRLS",
  "53200": "raise max_locks_per_transaction on the server: a dump holds a lock on every table",
  "55P03": "something holds a lock on a table for long: run the backup at another time",
  "57P01": "the server was shut down, or somebody ended the session: run the backup again",
  "57P02": "the server crashed: look into its log, then run the backup again",
  "57014": "somebody cancelled the query: run the backup again",
};

/** invalid_parameter_value, undefined_object (from 17 on): how the server says that it knows no such snapshot. */
const unknownSnapshot: ReadonlySet<string> = new Set(["22023", "42704"]);

/** The same error, with a hint when we know one. */
export function withDumpHint(error: unknown): unknown {
  if (!(error instanceof BackupError) || error.sqlState === undefined) return error;
  if (unknownSnapshot.has(error.sqlState) && /snapshot/i.test(error.message)) {
    return error.withHint(
      "the session that exported the snapshot must not end its transaction: export another one, and begin anew",
    );
  }
  // What is said of any lost connection is less than what the server's last words mean.
  const hasBetter = error.hint !== undefined && error.code !== "CONNECTION_LOST" && error.sqlState !== recoveryConflict;
  const hint = hints[error.sqlState];
  return hint === undefined || hasBetter ? error : error.withHint(hint);
}
