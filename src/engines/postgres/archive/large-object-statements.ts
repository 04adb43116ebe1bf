import { BackupError } from "../../../core/backup-error.ts";
import type { TocEntry } from "./toc-entry.ts";

/** OIDs of a BLOB METADATA entry: one a line in its definition. */
export function largeObjectIds(entry: TocEntry): string[] {
  const ids = (entry.definition ?? "").split("\n");
  if (ids.pop() !== "" || !ids.every((id) => /^\d{1,10}$/.test(id))) throw damaged(entry);
  return ids;
}

/** The same command for each large object of a BLOB METADATA entry, then an empty line. */
export function forEachLargeObject(entry: TocEntry, before: string, after: string): string {
  return `${largeObjectIds(entry)
    .map((id) => `${before}${id}${after};\n`)
    .join("")}\n`;
}

/**
 * Privileges of grouped large objects are stored once, for the first of the group: each command is repeated for all.
 * @param group the BLOB METADATA entry that lists them.
 */
export function largeObjectPrivileges(acl: TocEntry, group: TocEntry | undefined): string {
  if (group?.desc !== "BLOB METADATA") throw damaged(acl);
  return privilegeCommands(acl)
    .map(({ before, after }) => (after === undefined ? `${before};\n\n` : forEachLargeObject(group, before, after)))
    .join("");
}

/** The privileges of a group as those of one of its objects. */
export function privilegesOfLargeObject(acl: TocEntry, id: string): string {
  return privilegeCommands(acl)
    .map(({ before, after }) => (after === undefined ? `${before};\n` : `${before}${id}${after};\n`))
    .join("");
}

/** Who was granted the right to grant does so himself. */
const asSomebody = /^(?:SET SESSION AUTHORIZATION (?:"(?:[^"]|"")+"|\w+)|RESET SESSION AUTHORIZATION)$/;

interface PrivilegeCommand {
  readonly before: string;
  /** Undefined of a command that is said once, and names no object. */
  readonly after: string | undefined;
}

/** Each command, cut at the number of the large object. */
function privilegeCommands(acl: TocEntry): PrivilegeCommand[] {
  const commands: PrivilegeCommand[] = [];
  const sql = acl.definition ?? "";
  let start = 0;
  let before: string | undefined;
  // Names of roles are the only thing that may hold anything: quoted, they are stepped over.
  for (const { 0: found, index } of sql.matchAll(/"[^"]*"?|(?<=LARGE OBJECT )\d+|;/g)) {
    if (found.startsWith('"') || (found !== ";" && before !== undefined)) continue;
    const text = sql.slice(start, index);
    start = index + found.length;
    if (found !== ";") before = text.trimStart();
    else if (before === undefined) {
      if (!asSomebody.test(text.trimStart())) throw damaged(acl);
      commands.push({ before: text.trimStart(), after: undefined });
    } else {
      commands.push({ before, after: text });
      before = undefined;
    }
  }
  if (before !== undefined || sql.slice(start).trim() !== "") throw damaged(acl);
  return commands;
}

function damaged(entry: TocEntry): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `entry ${entry.dumpId} of the archive ("${entry.desc}") does not list large objects as pg_dump does`,
    hint: "restore from another copy of this backup",
  });
}
