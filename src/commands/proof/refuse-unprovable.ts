import { BackupError } from "../../core/backup-error.ts";
import { familyOfConnection, shownFamily } from "../../core/database-type.ts";
import type { ConnectionRequest } from "../../ports/connection-request.ts";
import type { BackupSummary } from "../../ports/restore.ts";
import type { FoundBackup } from "../found-backup.ts";
import type { ProofRequest } from "./proof-request.ts";
import type { ProofServer } from "./proof-server.ts";

const withoutDefinitions: ReadonlySet<string> = new Set([
  "--data-only",
  "--no-schema",
  "--statistics-only",
  "--section=data",
  "--section=post-data",
]);

/** @throws BackupError PRECHECK for a backup that cannot be restored by itself */
export function refusePartWithoutDefinitions({ metadata, location }: FoundBackup): void {
  const option = metadata?.partial?.find((one) => withoutDefinitions.has(one));
  const hasAll = metadata?.partial?.includes("--section=pre-data") === true;
  if (option === undefined || hasAll) return;
  throw new BackupError({
    code: "PRECHECK",
    message: `the backup holds no definitions: it was made with ${option}`,
    object: location,
    hint: "it can be checked without --restore, and restored into a database that has its tables",
  });
}

/**
 * The files of a server hold what was restored, in clear. Where these may lie, whoever encrypts backups must have said.
 * @throws BackupError USAGE
 */
export function refusePlainScratch({ openingDamage, location }: FoundBackup, request: ProofRequest): void {
  if (openingDamage === undefined || request.server !== undefined || request.allowsPlainScratch === true) return;
  throw new BackupError({
    code: "USAGE",
    message: "the backup is encrypted, and the files of the server that it would be restored into are not",
    object: location,
    hint: "allow it with --plain-scratch (TMPDIR says where), or name a server with --server; without --restore nothing is written",
  });
}

/** @throws BackupError USAGE for a server that is none of the backup's kind */
export function refuseOtherServer({ family = "postgres" }: BackupSummary, server: ConnectionRequest | undefined): void {
  const kind = server === undefined ? family : (familyOfConnection(server) ?? family);
  if (kind === family) return;
  throw new BackupError({
    code: "USAGE",
    message: `the backup is one of ${shownFamily[family]}, and cannot be verified on ${shownFamily[kind]}`,
    hint: "name a server of the backup's kind with --server, or leave it out",
  });
}

const everywhere: ReadonlySet<string> = new Set([
  "postgres",
  "template0",
  "template1",
  "mysql",
  "sys",
  "performance_schema",
]);

/** A script may make its database itself: only a server of ours can have it. @throws BackupError PRECHECK */
export function refuseOwnName(database: string, { location }: FoundBackup, { isOurs }: ProofServer): void {
  const isTaken = everywhere.has(database);
  if (isOurs && !isTaken) return;
  throw new BackupError({
    code: "PRECHECK",
    message: isTaken
      ? `the script goes on in database "${database}", which every server has`
      : `the script makes database "${database}" itself, which is no scratch database`,
    object: location,
    hint: isTaken
      ? "verify it without --restore, or make the backup in another format"
      : "verify it without --server: then a server is started that holds nothing else",
  });
}
