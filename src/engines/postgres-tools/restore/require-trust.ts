import { BackupError } from "../../../core/backup-error.ts";
import type { RestoreRequest } from "../../../ports/restore.ts";
import type { Tool } from "../find-tool.ts";
import { isSafeForStrangers, safeReleases } from "../tool-version.ts";

/**
 * Refuses to give a tool what a stranger may have made, where it would run commands on this machine: scripts to psql, which
 * obeys commands in them, and archives to older releases. Ours is what is as its metadata recorded it.
 * @throws BackupError PRECHECK, DAMAGED
 */
export async function requireTrust({ name, version }: Tool, { isAsRecorded }: RestoreRequest): Promise<void> {
  if (name !== "psql" && isSafeForStrangers(version)) return;
  const why =
    name === "psql"
      ? "psql obeys commands in a script, also such as run programs on this machine"
      : `${name} ${version.text} runs commands that a stranger put into an archive (CVE-2026-116314)`;
  if (isAsRecorded === undefined) {
    throw new BackupError({
      code: "PRECHECK",
      message: `the backup has no metadata of dbbackup, and ${why}`,
      hint: `use --engine native${name === "psql" ? "" : `, or a release that is repaired: ${safeReleases}`}`,
    });
  }
  if (await isAsRecorded()) return;
  throw new BackupError({
    code: "DAMAGED",
    message: `the backup is not what its metadata recorded, and ${why}; nothing was touched`,
    hint: "restore from another copy",
  });
}
