import { BackupError } from "../core/backup-error.ts";
import { fileContext } from "../core/encrypted-file.ts";
import type { BackupMetadata } from "../core/metadata/metadata-schema.ts";
import type { BackupChecker } from "../ports/backup-checker.ts";
import type { OpenOutput } from "../ports/backup-output.ts";
import type { Clock } from "../ports/clock.ts";
import type { ProgressSink } from "../ports/progress.ts";
import type {
  BackupSummary,
  Finding,
  RestorableBackup,
  RestoreEngine,
  RestorePlan,
  RestoreRequest,
  RestoreResult,
  ScriptResult,
} from "../ports/restore.ts";
import type { Storage } from "../ports/storage.ts";
import { type ChoosingFiles, chosenByFiles, type ReadTextFile } from "./chosen-by-files.ts";
import { type FindPorts, findBackup } from "./find-backup.ts";
import type { FoundBackup } from "./found-backup.ts";
import { findGrowing } from "./growing/find-growing.ts";
import { GrowingSource } from "./growing/growing-source.ts";
import { cannotFollow, refuseToFollow, requireFollowable } from "./growing/refuse-to-follow.ts";
import { knownContents } from "./known-contents.ts";
import { plainLimit } from "./plain-limit.ts";
import { openSource } from "./restore-source.ts";
import { hintingAtSalvage, refuseToSalvage, type SalvagedParts, salvageFound } from "./salvage-backup.ts";
import { verifyBackup } from "./verify-backup.ts";
import { writeLines } from "./write-output.ts";
import { writeScript } from "./write-script.ts";

export interface RestoreSingleRequest extends ChoosingFiles {
  /** A path, an id or its beginning, `latest:DB`, or `-` for standard input. */
  readonly backup: string;
  readonly restore: Omit<RestoreRequest, "expectedRows" | "plainBytes">;
  /** How far to go: print the table of contents, plan and pre-check, write a script, or restore. */
  readonly mode: "list" | "dry-run" | "script" | "restore";
  /** Where a script or a list goes: a path, or `-` for standard output. */
  readonly file?: string;
  /** Of the script; random when absent. */
  readonly restrictKey?: string;
  /** Read everything once before the target is touched. */
  readonly verifyFirst: boolean;
  /** The backup may be damaged: what is whole of it is restored. */
  readonly salvage?: boolean;
  /** The backup may still be made. */
  readonly follow?: boolean;
}

/** What of the metadata the restore of an opened backup needs. */
type Known = Pick<BackupMetadata, "partial" | "sample"> | undefined;

export interface RestorePorts extends FindPorts {
  readonly engine: RestoreEngine;
  readonly progress: ProgressSink;
  standardInput(): AsyncIterable<Uint8Array>;
  readonly readTextFile: ReadTextFile;
  openChecker(): Promise<BackupChecker>;
  readonly clock: Clock;
  readonly openOutput: OpenOutput;
  /** The place that the user named, as a backup that is being made will have it. */
  locateOutput(path: string): Promise<{ readonly storage: Storage; readonly key: string }>;
}

export interface RestoreOutcome {
  /** Of a backup with metadata. */
  readonly backupId?: string;
  readonly summary: BackupSummary;
  readonly plan: RestorePlan;
  /** Empty for `list`, which asks no server. */
  readonly findings: readonly Finding[];
  /** Only when something was restored. */
  readonly result?: RestoreResult;
  /** Only of a damaged backup that was salvaged. */
  readonly salvage?: SalvagedParts;
  /** Only when a script was written. */
  readonly script?: ScriptResult;
}

/**
 * Restores one database, or tells what it would do. Everything that can be known before the target is touched is checked
 * before; rows, row checksums and the hash of the stored bytes are checked while they are read.
 * @throws BackupError PRECHECK, CONFIRM_REQUIRED, TARGET_MISSING before anything is touched; DAMAGED also afterwards,
 * then naming the target as incomplete.
 */
export async function restoreSingle(
  asked: RestoreSingleRequest,
  ports: RestorePorts,
  signal: AbortSignal,
): Promise<RestoreOutcome> {
  if (asked.follow === true) refuseToFollow(asked);
  if (asked.salvage === true) refuseToSalvage(asked);
  if (asked.backup === "-") refuseForStream(asked);
  if (asked.restrictKey !== undefined && asked.mode !== "script") throw keyWithoutScript();
  const request = { ...asked, restore: await chosenByFiles(asked.restore, asked, ports.readTextFile) };
  const outcome = await outcomeOf(request, ports, signal);
  if (request.mode === "list" && request.file !== undefined) {
    await writeLines(await ports.openOutput(request.file, "file"), outcome.plan.listing);
  }
  return outcome;
}

function keyWithoutScript(): BackupError {
  return new BackupError({
    code: "USAGE",
    message: "--restrict-key stands in scripts, and nothing else",
    hint: "leave it out, or write a script with --file",
  });
}

async function outcomeOf(
  request: RestoreSingleRequest,
  ports: RestorePorts,
  signal: AbortSignal,
): Promise<RestoreOutcome> {
  const isScript = request.mode === "script";
  if (request.backup === "-") {
    const backup = await ports.engine.open({ kind: "stream", stream: standardInput(ports) }, limits(request));
    if (isScript) return await writeScript({ ...request, backup }, ports, signal);
    return await restoreOpened(request, { backup, known: undefined }, request.restore, ports, signal);
  }
  if (request.follow === true) {
    const followed = await restoreGrowing(request, ports, signal);
    if (followed !== undefined) return followed;
  }
  const found = await findBackup(request.backup, ports, signal);
  if (request.follow === true) requireFollowable(found);
  if (request.salvage === true) return await salvageFound(found, request, ports, signal);
  if (isScript) return await writeFound(found, request, ports, signal);
  let opened: BackupSummary | undefined;
  const engine: RestoreEngine = {
    ...ports.engine,
    open: async (...given) => {
      const backup = await ports.engine.open(...given);
      opened = backup.summary;
      return backup;
    },
  };
  try {
    return await restoreFound(found, request, { ...ports, engine }, signal);
  } catch (error) {
    throw engine.openDamaged === undefined ? error : hintingAtSalvage(error, found, opened);
  }
}

/** Restores a backup while it is made; undefined when none is, and a finished one is meant. */
async function restoreGrowing(
  request: RestoreSingleRequest,
  ports: RestorePorts,
  signal: AbortSignal,
): Promise<RestoreOutcome | undefined> {
  const running = await findGrowing(request.backup, ports, signal);
  if (running === undefined) return undefined;
  await using growing = new GrowingSource(running);
  const { backup: announced } = running;
  const message = `following the backup of database "${announced.database}" that began at ${announced.timestamp}`;
  ports.progress.emit({ event: "phase", phase: "follow", message });
  if (ports.engine.follow === undefined) throw cannotFollow();
  const backup = await ports.engine.follow(growing, signal);
  const outcome = await restoreOpened(request, { backup, known: undefined }, request.restore, ports, signal);
  const { found, changed } = await growing.changedBytes(signal);
  warnOfFindings(partialFindings(found.metadata), ports);
  refuseChanged(found, changed, outcome.result!);
  return outcome;
}

/** With a key it is an encrypted file, as a backup to standard output is. */
function standardInput({ unlocking, ...ports }: RestorePorts): AsyncIterable<Uint8Array> {
  const stored = ports.standardInput();
  const { decryption, onDamage } = unlocking ?? {};
  if (decryption === undefined || onDamage === undefined) return stored;
  if (decryption.isSigned !== undefined) throw nothingSigned();
  return decryption.stream(stored, { context: fileContext, onDamage });
}

function nothingSigned(): BackupError {
  return new BackupError({
    code: "USAGE",
    message: "--verify-key is for backups with metadata, which standard input does not bring",
    hint: "restore from the repository",
  });
}

/** As {@link restoreSingle}, of a backup that was found. What files say of the selection is in the request. */
export async function restoreFound(
  found: FoundBackup,
  request: Pick<RestoreSingleRequest, "restore" | "mode" | "verifyFirst">,
  ports: Omit<RestorePorts, keyof FindPorts | "standardInput" | "readTextFile" | "openOutput" | "locateOutput">,
  signal: AbortSignal,
): Promise<RestoreOutcome> {
  if (request.verifyFirst) await requireWhole(found, request, ports, signal);
  await using source = await openSource(found);
  const backup = await ports.engine.open(source.input, limits(request, found.metadata));
  const restore: RestoreRequest = {
    ...request.restore,
    ...knownContents(found.metadata),
    ...(hasHashes(found) ? { isAsRecorded: async () => (await source.changedBytes(signal)).length === 0 } : {}),
  };
  const outcome = await restoreOpened(request, { backup, known: found.metadata }, restore, ports, signal);
  if (outcome.result !== undefined) refuseChanged(found, await source.changedBytes(signal), outcome.result);
  return { ...(found.metadata === undefined ? {} : { backupId: found.metadata.id }), ...outcome };
}

function hasHashes({ metadata }: FoundBackup): boolean {
  return metadata?.tool !== undefined && metadata.artifacts.every(({ sha256 }) => sha256 !== undefined);
}

/** Writes a backup that was found as a script. */
async function writeFound(
  found: FoundBackup,
  request: RestoreSingleRequest,
  ports: RestorePorts,
  signal: AbortSignal,
): Promise<RestoreOutcome> {
  if (request.verifyFirst) await requireWhole(found, request, ports, signal);
  await using source = await openSource(found);
  const backup = await ports.engine.open(source.input, limits(request, found.metadata));
  const restore: RestoreRequest = { ...request.restore, ...knownContents(found.metadata) };
  warnOfFindings(partialFindings(found.metadata), ports);
  return await writeScript({ ...request, backup, restore }, ports, signal, () => source.changedBytes(signal));
}

/** Plans, looks at the target, and restores. */
export async function restoreOpened(
  { mode }: Pick<RestoreSingleRequest, "mode">,
  { backup, known }: { readonly backup: RestorableBackup; readonly known: Known },
  restore: RestoreRequest,
  ports: Pick<RestorePorts, "progress">,
  signal: AbortSignal,
): Promise<RestoreOutcome> {
  const plan = backup.plan(restore);
  const { summary } = backup;
  if (mode === "list") return { summary, plan, findings: [] };
  ports.progress.emit({ event: "phase", phase: "check", message: "checking the backup against the target" });
  const findings = [...partialFindings(known), ...(await backup.preCheck(restore, signal))];
  if (mode === "dry-run") return { summary, plan, findings };
  refuseErrors(findings);
  requireConfirmation(findings, restore, plan);
  warnOfFindings(findings, ports);
  const result = await backup.run(restore, ports.progress, signal);
  return { summary, plan, findings, result };
}

/** Whoever restores a part must not take it for the whole. */
export function partialFindings(known: Known, whole = "its database"): Finding[] {
  if (known?.partial === undefined) return [];
  return [
    {
      code: "partial-backup",
      severity: "warning",
      message: `the backup holds ${known.sample === undefined ? "a part" : "a sample"} of ${whole} only: it was made with ${known.partial.join(" ")}`,
      solution: "what it lacks (see: dbbackup show) must be in the target already, or come from another backup",
    },
  ];
}

function warnOfFindings(findings: readonly Finding[], { progress }: Pick<RestorePorts, "progress">): void {
  for (const { message, solution } of findings) progress.emit({ event: "warning", message, hint: solution });
}

function refuseForStream({ verifyFirst, filterFiles = [], useListFile }: RestoreSingleRequest): void {
  if (useListFile === "-" || filterFiles.includes("-")) {
    throw new BackupError({
      code: "USAGE",
      message: "standard input holds the backup, and cannot say what of it to restore",
      hint: "write the filter or list into a file",
    });
  }
  if (!verifyFirst) return;
  throw new BackupError({
    code: "USAGE",
    message: "standard input can be read once, and --verify-first reads everything twice",
    hint: "restore from a file, or leave out --verify-first",
  });
}

async function requireWhole(
  found: FoundBackup,
  request: Pick<RestoreSingleRequest, "restore">,
  ports: Pick<RestorePorts, "clock" | "progress" | "openChecker">,
  signal: AbortSignal,
): Promise<void> {
  const { clock, progress } = ports;
  const checking = { checker: await ports.openChecker(), clock, progress };
  const { damage } = await verifyBackup(found, checking, signal, limits(request, found.metadata));
  if (damage.length === 0) return;
  throw new BackupError({
    code: "DAMAGED",
    message: "the backup is damaged; nothing was touched",
    object: found.location,
    details: damage.map(({ object, message }) => `${object}: ${message}`),
    hint: "restore from another copy",
  });
}

/** Plain bytes that one table may give. */
export function limits(
  { restore }: Pick<RestoreSingleRequest, "restore">,
  metadata?: BackupMetadata,
): { maxPlainBytes?: number } {
  const maxPlainBytes = plainLimit(metadata, restore.maxPlainBytes);
  return maxPlainBytes === undefined ? {} : { maxPlainBytes };
}

/** @throws BackupError DAMAGED when what was restored is not what was written */
export function refuseChanged(found: FoundBackup, changed: readonly string[], { target }: RestoreResult): void {
  if (changed.length === 0) return;
  const what = changed.length === 1 ? changed[0]! : `${changed.length} of its files differ`;
  throw new BackupError({
    code: "DAMAGED",
    message: `the backup is not what was written (${what}), and database "${target}" holds what came out of it`,
    object: found.location,
    ...(changed.length === 1 ? {} : { details: changed }),
    hint: `do not use "${target}": drop it and restore from another copy`,
  });
}

/** @throws BackupError when one of the findings is an error */
export function refuseErrors(findings: readonly Finding[]): void {
  const errors = findings.filter(({ severity }) => severity === "error");
  const [first] = errors;
  if (first === undefined) return;
  // These are answered by a flag, without changing anything on the server.
  const isUsage = errors.every(({ code }) => code === "target-exists" || code === "object-exists");
  const isMissing = errors.every(({ code }) => code === "target-missing");
  throw new BackupError({
    code: isMissing ? "TARGET_MISSING" : isUsage ? "CONFIRM_REQUIRED" : "PRECHECK",
    message:
      errors.length === 1
        ? `the restore cannot work: ${first.message}`
        : `the restore cannot work for ${errors.length} reasons; nothing was touched`,
    ...(errors.length === 1 ? {} : { details: errors.map(({ message, solution }) => `${message}: ${solution}`) }),
    hint: errors.length === 1 ? first.solution : "solve each of them, and see the rest with --dry-run",
  });
}

function requireConfirmation(findings: readonly Finding[], restore: RestoreRequest, plan: RestorePlan): void {
  const notEmpty = findings.find(({ code }) => code === "target-not-empty");
  if (notEmpty === undefined || restore.confirmed) return;
  throw new BackupError({
    code: "CONFIRM_REQUIRED",
    message: notEmpty.message,
    object: plan.target,
    details: plannedLines(plan),
    hint: notEmpty.solution,
  });
}

/** Steps of a plan that are shown one by one. */
const shownSteps = 20;

function plannedLines({ steps }: RestorePlan): string[] {
  const shown = steps.slice(0, shownSteps).map(({ action, type, name }) => `would ${action} ${type} ${name}`);
  return steps.length <= shownSteps ? shown : [...shown, `and ${steps.length - shownSteps} more (see --dry-run)`];
}
