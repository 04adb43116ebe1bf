import { BackupError } from "../core/backup-error.ts";
import type { SalvageNotes } from "../ports/backup-survey.ts";
import type { BackupSummary, DamagedBackup, RestoreRequest } from "../ports/restore.ts";
import type { FoundBackup } from "./found-backup.ts";
import { knownContents } from "./known-contents.ts";
import {
  limits,
  type RestoreOutcome,
  type RestorePorts,
  type RestoreSingleRequest,
  restoreOpened,
} from "./restore-single.ts";
import { openSource } from "./restore-source.ts";

/** What the restore of a damaged backup could not bring back as it was. */
export interface SalvagedParts extends SalvageNotes {
  /** Tables with rows in the backup, and how many of them can be read whole. */
  readonly tables: number;
  readonly wholeTables: number;
  /** Nobody but the hash of the whole file, which is wrong, could tell whether the definitions are what was written. */
  readonly areDefinitionsUnproved: boolean;
}

/** @throws BackupError USAGE for what does not go together with a damaged backup */
export function refuseToSalvage({ backup, mode, verifyFirst, follow, restore }: RestoreSingleRequest): void {
  const others: readonly (readonly [what: string, isAsked: boolean])[] = [
    ["standard input", backup === "-"],
    ["--list", mode === "list"],
    ["--file", mode === "script"],
    ["--verify-first", verifyFirst],
    ["--follow", follow === true],
    ["--untrusted", restore.untrusted],
    ["--resumable", restore.journal === "new"],
    ["--resume", restore.journal === "resume"],
  ];
  const found = others.find(([, isAsked]) => isAsked);
  if (found === undefined) return;
  throw new BackupError({
    code: "USAGE",
    message: `--salvage and ${found[0]} exclude each other`,
    hint: "leave out one of them",
  });
}

/**
 * Restores what is whole of a backup that may be damaged. All of it is read before the target is touched: rows are loaded only of tables whose
 * data was found whole, and are checked once more meanwhile. One that is not damaged is restored as without this.
 * @throws BackupError DAMAGED when its definitions cannot be used; nothing was touched then
 */
export async function salvageFound(
  found: FoundBackup,
  request: Pick<RestoreSingleRequest, "restore" | "mode">,
  ports: Pick<RestorePorts, "engine" | "progress">,
  signal: AbortSignal,
): Promise<RestoreOutcome> {
  const { engine, progress } = ports;
  if (engine.openDamaged === undefined) throw cannotSalvage();
  await using source = await openSource(found, { isSalvaged: true });
  if (source.input.kind === "stream") throw new Error("a backup that was found is no stream");
  progress.emit({ event: "phase", phase: "survey", message: `looking for what is whole in ${found.location}` });
  const known = knownContents(found.metadata);
  const { expectedRows } = known;
  const options = { ...limits(request, found.metadata), ...(expectedRows === undefined ? {} : { expectedRows }) };
  const damaged = await engine.openDamaged(source.input, options, signal);
  const changed = await source.changedBytes(signal);
  const { contentsFile } = damaged.survey;
  const isContentsChanged = contentsFile !== undefined && source.isChanged(contentsFile);
  const unusable =
    damaged.survey.unusable ?? (isContentsChanged ? "its table of contents is not what was written" : undefined);
  if (unusable !== undefined) throw nothingUsable(found, unusable);
  const restore: RestoreRequest = { ...request.restore, ...known };
  const outcome = await restoreOpened(
    request,
    { backup: damaged.backup, known: found.metadata },
    restore,
    ports,
    signal,
  );
  const parts = partsOf(damaged, restore, changed.length > 0);
  return {
    ...(found.metadata === undefined ? {} : { backupId: found.metadata.id }),
    ...outcome,
    ...(parts === undefined ? {} : { salvage: parts }),
  };
}

/** Undefined for one that is not damaged. */
function partsOf(
  { survey, salvaged }: DamagedBackup,
  restore: RestoreRequest,
  isChanged: boolean,
): SalvagedParts | undefined {
  const { tables, damagedTables, places, areDefinitionsUnproved } = survey;
  if (places.length === 0 && !isChanged) return undefined;
  return { ...salvaged(restore), tables, wholeTables: tables - damagedTables.length, areDefinitionsUnproved };
}

const salvaged: ReadonlySet<string> = new Set(["custom", "directory", "tar"]);

/**
 * Of a restore that found its backup damaged: the same error, which names what can be done. Every other stays as it is.
 * @param opened what a backup without metadata was found to be, when that could be read
 */
export function hintingAtSalvage(
  error: unknown,
  { metadata }: FoundBackup,
  opened: BackupSummary | undefined,
): unknown {
  if (!(error instanceof BackupError) || error.code !== "DAMAGED") return error;
  // Of folders of MySQL those of mydumper cannot be.
  const format = metadata === undefined && opened?.family !== "mysql" ? opened?.format : metadata?.format;
  if (!salvaged.has(format ?? "")) return error;
  const what = "restore single --salvage restores what is whole";
  return error.withHint(error.hint === undefined ? what : `${error.hint}; ${what}`);
}

function cannotSalvage(): BackupError {
  return new BackupError({
    code: "USAGE",
    message: "only the native engine salvages damaged backups",
    hint: "leave out --engine",
  });
}

function nothingUsable({ location }: FoundBackup, why: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `nothing can be salvaged: ${why}; nothing was touched`,
    object: location,
    hint: "restore from another copy, or an earlier backup",
  });
}
