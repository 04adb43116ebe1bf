import { createHash } from "node:crypto";
import { BackupError } from "../../../../core/backup-error.ts";
import { changedOptions, type ShapingOptions } from "../../../../core/changed-options.ts";
import type { RestoreRequest } from "../../../../ports/restore.ts";
import { selectionFlags } from "../../../common/flags-for-archives.ts";
import type { ArchiveContents } from "../../archive/archive-contents.ts";
import type { ArchivePlan } from "../archive-plan.ts";
import type { BlockSource } from "../block-source.ts";

/** What must be the same when a restore is resumed: else what is noted as done means something else. */
export interface JournalIdentity {
  /** SHA-256 of header, table of contents and the size of each entry's data. */
  readonly archive: string;
  /** SHA-256 of what is restored, in which order. */
  readonly plan: string;
  readonly options: ShapingOptions;
}

/** The same as it is stored. */
export interface JournalRecord {
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

export function journalIdentity(
  { header, entries }: Pick<ArchiveContents, "header" | "entries">,
  blocks: Pick<BlockSource, "storedBytes">,
  { drops, entries: planned }: ArchivePlan,
  request: RestoreRequest,
): JournalIdentity {
  const archive = createHash("sha256").update(JSON.stringify(header));
  for (const entry of entries) archive.update(JSON.stringify([entry, blocks.storedBytes(entry.dumpId)]));
  const plan = createHash("sha256").update(JSON.stringify(drops.map(({ dumpId }) => dumpId)));
  for (const { entry, parts } of planned) plan.update(JSON.stringify([entry.dumpId, parts.definition, parts.data]));
  return { archive: archive.digest("hex"), plan: plan.digest("hex"), options: shapingOptions(request) };
}

/** @throws BackupError PRECHECK when a journal is that of another restore */
export function refuseOther(record: JournalRecord, identity: JournalIdentity): void {
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

/** Only what is given: an option that is not there says nothing. */
function shapingOptions(request: RestoreRequest): ShapingOptions {
  const options: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(shapingFlags) as [keyof typeof shapingFlags, string][]) {
    const value = request[name];
    const isGiven = typeof value === "object" ? value.length > 0 : value !== undefined && value !== false;
    if (isGiven && !freeOptions.has(name)) options[flag] = value;
  }
  return options;
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
