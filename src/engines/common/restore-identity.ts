import { BackupError } from "../../core/backup-error.ts";
import { changedOptions, type ShapingOptions } from "../../core/changed-options.ts";
import type { RestoreRequest } from "../../ports/restore.ts";
import { selectionFlags } from "./flags-for-archives.ts";

/** What must be the same when a restore is resumed: else what is noted as done means something else. */
export interface RestoreIdentity {
  /** SHA-256 of what says what is in the backup. */
  readonly archive: string;
  /** SHA-256 of what is restored, in which order. */
  readonly plan: string;
  readonly options: ShapingOptions;
}

/** The same as it is stored. */
export interface RestoreRecord {
  readonly archive: string;
  readonly plan: string;
  /** JSON of {@link ShapingOptions}. */
  readonly options: string;
}

const shapingFlags = {
  ...selectionFlags,
  create: "--create",
  clean: "--clean",
  ifExists: "--if-exists",
} as const satisfies Partial<Record<keyof RestoreRequest, string>>;

/** How many entries are committed together may be another number each time. */
const freeOptions: ReadonlySet<string> = new Set(["transactionSize"]);

/** What shapes a restore. Only what is given: an option that is not there says nothing. */
export function shapingOptions(request: RestoreRequest): ShapingOptions {
  const options: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(shapingFlags) as [keyof typeof shapingFlags, string][]) {
    const value = request[name];
    const isGiven = typeof value === "object" ? value.length > 0 : value !== undefined && value !== false;
    if (isGiven && !freeOptions.has(name)) options[flag] = value;
  }
  const { definer = "keep" } = request;
  if (definer !== "keep") options[definer === "loader" ? "--skip-definer" : "--definer"] = definer;
  if (request.convert === true) options["--convert"] = true;
  return options;
}

/** @throws BackupError PRECHECK when a journal is that of another restore */
export function refuseOther(record: RestoreRecord, identity: RestoreIdentity): void {
  if (record.archive !== identity.archive) {
    throw new BackupError({
      code: "PRECHECK",
      message: "the interrupted restore in the database is that of another backup",
      hint: "resume it with the backup that it was begun with, or restore anew into another database",
    });
  }
  const changed = changedOptions(storedOptions(record.options), identity.options);
  if (changed.length > 0) {
    throw new BackupError({
      code: "PRECHECK",
      message: `the restore was begun with other options (${changed.join(", ")})`,
      hint: "repeat the options that it was begun with, with --resume instead of --resumable",
    });
  }
  if (record.plan === identity.plan) return;
  throw new BackupError({
    code: "PRECHECK",
    message: "this version of dbbackup plans the restore in another way than the one that began it",
    hint: "resume it with the version that began it, or restore anew into another database",
  });
}

function storedOptions(json: string): ShapingOptions {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === "object" && value !== null) return value as ShapingOptions;
  } catch {
    // Told below.
  }
  throw new BackupError({
    code: "PRECHECK",
    message: "the journal of the interrupted restore cannot be read",
    hint: "restore anew into another database",
  });
}

/** JSON that sessions in any encoding read alike. */
export function asAscii(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
