import { BackupError } from "../../core/backup-error.ts";
import { isEarlier } from "../../core/metadata/earlier-metadata.ts";
import { sameButForCase } from "../../core/same-but-for-case.ts";
import type { Finding, FindingCode, RestoreRequest } from "../../ports/restore.ts";
import { fileName } from "../found-backup.ts";
import { partialFindings, restoreFound } from "../restore-single.ts";
import type { ClusterCheck, RestoreClusterPorts, RestoreClusterRequest } from "./restore-cluster.ts";
import { restoreOf } from "./restore-of-database.ts";

/**
 * What of a cluster's backup would be in the way of what is on the server. Databases that must be made are looked at when
 * their turn comes, for most of what can be in their way (roles, tablespaces) is about to be restored.
 */
export async function checkCluster(
  check: ClusterCheck,
  ports: RestoreClusterPorts,
  signal: AbortSignal,
): Promise<{ findings: Finding[]; existing: ReadonlySet<string> }> {
  const { cluster, databases, request, restorer } = check;
  await requireFiles(check);
  const { findings, databases: existing, ignoresCase } = await cluster.globals.preCheck(request.globals, signal);
  const all: Finding[] = [...partialFindings(cluster.metadata, "the cluster"), ...findings];
  for (const { name, message } of cluster.metadata?.failed_databases ?? []) all.push(notInBackup(name, message));
  if (ignoresCase === true) all.push(...sameButForCase(databases.map(({ name }) => name)).map(isOneThere));
  for (const { name } of databases) {
    const restore = restoreOf(name, existing, request, cluster);
    if (!existing.has(name)) {
      if (restorer.looksAhead) all.push(...(await lookAhead(name, restore, check, ports, signal)));
      continue;
    }
    if (restore.create && restore.isThere !== true) {
      all.push(restore.clean ? isDropped(name) : isInTheWay(name));
      continue;
    }
    const found = await cluster.openDatabase(name);
    const outcome = await restoreFound(found, { restore, mode: "dry-run", verifyFirst: false }, ports, signal);
    all.push(...outcome.findings.filter(({ code }) => ofContents.has(code)));
  }
  return { findings: all, existing };
}

/** What hangs on the server, and not on what is restored before the database. */
async function lookAhead(
  name: string,
  restore: RestoreRequest,
  { cluster }: ClusterCheck,
  ports: RestoreClusterPorts,
  signal: AbortSignal,
): Promise<Finding[]> {
  const found = await cluster.openDatabase(name);
  const { findings } = await restoreFound(found, { restore, mode: "dry-run", verifyFirst: false }, ports, signal);
  return findings
    .filter(({ code }) => !isRestoredBefore.has(code))
    .map((finding) => ({ ...finding, message: `database "${name}": ${finding.message}` }));
}

/** Accounts that are about to be restored, and what is said of the whole backup or server already. */
const isRestoredBefore: ReadonlySet<FindingCode> = new Set([
  "missing-role",
  "partial-backup",
  "other-flavour",
  "older-server",
  "read-only",
]);

/** What is in the way now, and will be when the roles are restored. */
const ofContents: ReadonlySet<FindingCode> = new Set(["target-not-empty", "object-exists"]);

/** A file that is missing or too short is known before anything is touched. */
async function requireFiles({ cluster: { backup, metadata } }: ClusterCheck): Promise<void> {
  // Of an archive of an earlier version all was read already.
  if (metadata === undefined || isEarlier(metadata)) return;
  const sizes = await backup.folder?.sizes();
  const wrong = metadata.artifacts.filter(({ name, size }) => sizes?.get(fileName(name)) !== size);
  if (wrong.length === 0) return;
  throw new BackupError({
    code: "DAMAGED",
    message: `${wrong.length} files of the backup are missing or have another size; nothing was touched`,
    object: backup.location,
    details: wrong.slice(0, 20).map(({ name }) => name),
    hint: 'restore from another copy, or see what "dbbackup verify" says',
  });
}

function isOneThere(names: readonly string[]): Finding {
  return {
    code: "same-name",
    severity: "error",
    message: `names of databases that differ in capitals only are one on this server: ${names.map((name) => `"${name}"`).join(" and ")}`,
    solution: "restore all but one of them by themselves, with --target (restore single)",
  };
}

function notInBackup(name: string, message: string): Finding {
  return {
    code: "partial-backup",
    severity: "warning",
    message: `database "${name}" is not in the backup: ${message}`,
    solution: "restore it from an earlier backup",
  };
}

function isDropped(name: string): Finding {
  return {
    code: "target-not-empty",
    severity: "warning",
    message: `database "${name}" exists, and --clean drops all of it`,
    solution: "add --confirm if this is what you want",
  };
}

function isInTheWay(name: string): Finding {
  return {
    code: "target-exists",
    severity: "error",
    message: `database "${name}" exists already`,
    solution: "add --clean to drop it first, or leave it out with --exclude-database",
  };
}

const needConfirmation: ReadonlySet<FindingCode> = new Set(["role-exists", "tablespace-exists", "target-not-empty"]);

/** @throws BackupError CONFIRM_REQUIRED when something on the server would change and nobody said that it may */
export function requireClusterConfirmation(
  findings: readonly Finding[],
  { restore }: RestoreClusterRequest,
  plan: readonly string[],
): void {
  const changes = findings.filter(({ code }) => needConfirmation.has(code));
  const [first] = changes;
  if (first === undefined || restore.confirmed) return;
  throw new BackupError({
    code: "CONFIRM_REQUIRED",
    message:
      changes.length === 1 ? first.message : `the restore changes what is on the server in ${changes.length} ways`,
    details: [
      ...changes.slice(0, 20).map(({ message }) => message),
      ...plan.slice(0, 20).map((step) => `would restore ${step}`),
      ...(plan.length > 20 ? [`and ${plan.length - 20} more (see --dry-run)`] : []),
    ],
    hint: "add --confirm if this is what you want",
  });
}
