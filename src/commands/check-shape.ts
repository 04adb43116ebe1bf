import { BackupError } from "../core/backup-error.ts";
import { type DumpFormat, isScriptFormat } from "../core/dump-format.ts";
import type { DumpShape, ScriptShape } from "../ports/dump-shape.ts";

/** Flags that say how a script is run, and what a restore of an archive does instead. */
const ofScripts: Readonly<Record<keyof ScriptShape, string>> = {
  clean: "--clean",
  ifExists: "--if-exists",
  create: "--create",
  noOwner: "--no-owner",
  noTablespaces: "--no-tablespaces",
  noTableAccessMethod: "--no-table-access-method",
  disableTriggers: "--disable-triggers",
  superuser: "--superuser",
};

/**
 * Refuses what contradicts itself, or would have no effect.
 * @param statistics whether statistics were asked for
 * @throws BackupError USAGE
 */
export function checkShape(shape: DumpShape, format: DumpFormat, statistics: boolean): void {
  const { script, dataOnly, schemaOnly, statisticsOnly, noSchema, noData } = shape;
  if (!isScriptFormat(format)) refuseScriptFlags(script, format);
  if (format === "tar" && shape.inserts !== undefined) {
    throw new BackupError({
      code: "USAGE",
      message: "archives in tar format hold rows as COPY text, and no INSERT statements",
      hint: "use another format, or leave out --inserts",
    });
  }
  if (script.ifExists && !script.clean) throw needs("--if-exists", "--clean");
  if (script.clean && dataOnly) throw contradiction("--clean", "--data-only");
  if (script.superuser !== undefined && !script.disableTriggers) throw needs("--superuser", "--disable-triggers");
  const hasSchema = !dataOnly && !statisticsOnly && !noSchema;
  const hasData = !schemaOnly && !statisticsOnly && !noData;
  if (script.disableTriggers && hasSchema) throw needs("--disable-triggers", "--data-only or --no-schema");
  if (statistics && dataOnly) throw contradiction("--statistics", "--data-only");
  if (statistics && schemaOnly) throw contradiction("--statistics", "--schema-only");
  if (hasSchema || hasData || statistics || statisticsOnly || shape.sequenceData) return;
  throw new BackupError({
    code: "USAGE",
    message: "these options leave nothing to back up",
    hint: "leave out --no-schema or --no-data",
  });
}

function refuseScriptFlags(script: ScriptShape, format: DumpFormat): void {
  for (const [key, flag] of Object.entries(ofScripts)) {
    const value = script[key as keyof ScriptShape];
    if (value === false || value === undefined) continue;
    throw new BackupError({
      code: "USAGE",
      message: `"${flag}" stands in scripts only, and format ${format} is an archive`,
      hint: `give ${flag} to the restore, or use --format plain`,
    });
  }
}

function needs(flag: string, other: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: `"${flag}" needs ${other}`,
    hint: `add ${other}, or leave out ${flag}`,
  });
}

function contradiction(one: string, other: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: `options "${one}" and "${other}" contradict each other`,
    hint: "leave one of them out",
  });
}
