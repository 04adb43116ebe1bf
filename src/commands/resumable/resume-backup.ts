import { BackupError } from "../../core/backup-error.ts";
import { changedOptions } from "../../core/changed-options.ts";
import { counted } from "../../core/counted.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ProgressSink } from "../../ports/progress.ts";
import type { NotedWork, ResumedFolder, Storage } from "../../ports/storage.ts";
import { HashedObject } from "../hashed-object.ts";
import { readCopyRecord } from "../transfer/copy-record.ts";
import { type BackupRecord, type NotedFile, readNotes, readRecord } from "./backup-notes.ts";
import { type BackupIdentity, ResumableBackup } from "./resumable-backup.ts";

export interface ResumePorts {
  readonly clock: Clock;
  readonly progress: ProgressSink;
}

interface Interrupted {
  readonly noted: NotedWork;
  readonly record: BackupRecord;
}

/**
 * Takes up the interrupted backup that `wanted` is, and keeps of it what is whole.
 * @param wanted what the new run would be
 * @param noted all unfinished works of the storage
 * @throws BackupError NOT_FOUND, PRECHECK when there is none, several, another one, or somebody is at work on it
 */
export async function resumeBackup(
  storage: Storage,
  noted: readonly NotedWork[],
  wanted: BackupIdentity,
  { clock, progress }: ResumePorts,
  signal: AbortSignal,
): Promise<ResumableBackup> {
  const { noted: chosen, record } = chooseInterrupted(interrupted(noted, wanted), wanted, storage.location);
  const { work, folder, notes } = await storage.resumeWork(chosen.id);
  try {
    progress.emit({ event: "phase", phase: "check", message: "checking the files that are there already" });
    const { files, resumed } = await readNotes(notes);
    const whole = await wholeFiles(folder, files, signal);
    await folder.keepOnly(new Set(whole.map(({ artifact }) => artifact.name)));
    const message = `going on with the backup that was begun at ${record.started}: ${counted(whole.length, "file")} of it are there`;
    progress.emit({ event: "phase", phase: "resume", message });
    const done = { files: whole, resumed: [...resumed, clock.now()] };
    return ResumableBackup.resume(work, folder, record, done);
  } catch (error) {
    await work.end();
    throw error;
  }
}

/** The interrupted backups of a database that were to get the same name. */
function interrupted(noted: readonly NotedWork[], { database, output }: BackupIdentity): Interrupted[] {
  return noted.flatMap((work) => {
    const record = readRecord(work.firstNote);
    const isWanted = record?.database === database && record.output === output;
    return record !== undefined && isWanted ? [{ noted: work, record }] : [];
  });
}

function chooseInterrupted(found: readonly Interrupted[], wanted: BackupIdentity, place: string): Interrupted {
  const alike = found.filter(({ record }) => changedOptions(record.options, wanted.options).length === 0);
  const idle = alike.filter(({ noted }) => !noted.isBusy);
  // One that seems busy may only be looked at by somebody who sweeps.
  const [chosen, another] = idle.length > 0 ? idle : alike;
  if (chosen !== undefined && another === undefined) return chosen;
  if (another !== undefined) throw severalInterrupted(alike);
  if (found.length === 0) {
    throw new BackupError({
      code: "NOT_FOUND",
      message: `there is no interrupted backup of "${wanted.database}" that can be resumed`,
      object: place,
      hint: "only one that was begun with --resumable can be, and once it has finished nothing is left to do (see: dbbackup list)",
    });
  }
  const { record, noted } = found.at(-1)!;
  throw new BackupError({
    code: "PRECHECK",
    message: `the interrupted backup was begun with other options (${changedOptions(record.options, wanted.options).join(", ")})`,
    object: noted.location,
    hint: "repeat the options that it was begun with, with --resume instead of --resumable",
  });
}

function severalInterrupted(found: readonly Interrupted[]): BackupError {
  return new BackupError({
    code: "PRECHECK",
    message: "several interrupted backups of the database were begun with these options",
    details: found.map(({ noted, record }) => `begun at ${record.started}: ${noted.location}`),
    hint: "remove the folders of all but one",
  });
}

/** Those whose bytes are as they were noted. */
async function wholeFiles(
  folder: ResumedFolder,
  files: ReadonlyMap<string, NotedFile>,
  signal: AbortSignal,
): Promise<NotedFile[]> {
  const whole: NotedFile[] = [];
  for (const file of files.values()) {
    signal.throwIfAborted();
    const { name, size, sha256 } = file.artifact;
    if (folder.sizes.get(name) !== size) continue;
    const hashed = new HashedObject(await folder.open(name));
    try {
      if ((await hashed.finish()) === sha256) whole.push(file);
    } finally {
      await hashed.close();
    }
  }
  return whole;
}

/** Tells of interrupted backups and copies that wait. @param but the one that goes on, if any */
export function tellOfInterrupted(noted: readonly NotedWork[], progress: ProgressSink, but?: string): void {
  for (const { id, firstNote, isBusy, location } of noted) {
    if (isBusy || id === but) continue;
    const copy = readCopyRecord(firstNote);
    if (copy !== undefined) {
      progress.emit({
        event: "warning",
        message: `an unfinished copy of a backup of "${copy.database}", ${id}, takes room in "${location}"`,
        hint: `go on with it (the same cloud upload or download), or remove it with "cloud delete ${id}"`,
      });
      continue;
    }
    const record = readRecord(firstNote);
    const what =
      record === undefined ? "of another version of dbbackup" : `of "${record.database}", begun at ${record.started},`;
    progress.emit({
      event: "warning",
      message: `an interrupted backup ${what} takes room in "${location}"`,
      hint: "go on with it (the same command with --resume), or remove the folder",
    });
  }
}
