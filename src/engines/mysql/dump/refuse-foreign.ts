import { BackupError } from "../../../core/backup-error.ts";
import type { DumpRequest } from "../../../ports/dump.ts";
import { wholeDatabase } from "../../../ports/dump-selection.ts";
import { type DumpShape, wholeShape } from "../../../ports/dump-shape.ts";

/** Options of shape that mean something here; the others are pg_dump's alone. */
const understood: ReadonlySet<keyof DumpShape> = new Set(["schemaOnly", "dataOnly", "noSchema", "noData", "script"]);

/** Refuses what only backups of PostgreSQL have. @throws BackupError USAGE */
export function refuseForeign(request: Omit<DumpRequest, "format" | "jobs" | "jobsAreAsked">): void {
  const { selection = wholeDatabase, shape = wholeShape, session = {}, ...rest } = request;
  refuseChanged(selection, wholeDatabase);
  refuseChanged(session, {});
  refuseChanged(
    Object.fromEntries(Object.entries(shape).filter(([key]) => !understood.has(key as keyof DumpShape))),
    wholeShape,
  );
  const { create: _create, ...script } = shape.script;
  refuseChanged(script, wholeShape.script);
  if (rest.statistics === true) throw foreign("statistics");
  if ((rest.allowedExtensions ?? []).length > 0) throw foreign("allowExtension");
  for (const key of ["archiveVersion", "restrictKey", "splitLargerThan", "maxRate"] as const) {
    if (rest[key] !== undefined) throw foreign(key);
  }
}

function refuseChanged(values: object, usual: object): void {
  const defaults = new Map(Object.entries(usual));
  for (const [key, value] of Object.entries(values)) {
    const isUsual =
      value === undefined ||
      value === defaults.get(key) ||
      (value === false && defaults.get(key) === undefined) ||
      (Array.isArray(value) && value.length === 0);
    if (!isUsual) throw foreign(key);
  }
}

function foreign(key: string): BackupError {
  const flag = `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return new BackupError({
    code: "USAGE",
    message: `"${flag}" is for backups of PostgreSQL`,
    hint: "leave it out; docs/mysql.md lists the options of backups of MySQL and MariaDB",
  });
}
