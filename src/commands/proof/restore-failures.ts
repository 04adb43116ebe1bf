import { BackupError } from "../../core/backup-error.ts";
import type { RestoreFailure, RestoreResult } from "../../ports/restore.ts";
import type { ProofDamage } from "../../ports/restore-proof.ts";

/**
 * Classes of SQLSTATE that say something of the server, and nothing of the backup: what it does not have or know, too
 * little room, somebody who stopped it, files that it misses, rights that the user has not.
 */
const ofServer = /^(0A|53|57|58|42501)/;

/** The same of MySQL and MariaDB, by number: disk full, no rights, unknown collation, engine or plugin, an option that forbids. */
const ofMysqlServer = /^error (?:3|28|1021|1044|1114|1115|1142|1227|1273|1286|1290|1419|1524|3098) \(/;

/**
 * What of a restore failed, as damage of the backup.
 * @throws BackupError SERVER when it failed for the server's sake: then nobody knows
 */
export function failuresAsDamage({ failures }: RestoreResult, isOurs: boolean): ProofDamage[] {
  const its = failures.find(
    ({ sqlState, message }) => (sqlState !== undefined && ofServer.test(sqlState)) || ofMysqlServer.test(message),
  );
  if (its !== undefined) throw notOfBackup(its, isOurs);
  return failures.map(({ object, message }) => ({ object, message: `it could not be restored: ${message}` }));
}

function notOfBackup({ object, message, sqlState }: RestoreFailure, isOurs: boolean): BackupError {
  return new BackupError({
    code: "SERVER",
    message: `the backup cannot be verified on this server: ${message}`,
    object,
    ...(sqlState === undefined ? {} : { sqlState }),
    hint: isOurs
      ? "the server lies in the temporary folder (TMPDIR), which may be too small; or name one that can hold it with --server"
      : "give the server what it lacks, or name another one",
  });
}
