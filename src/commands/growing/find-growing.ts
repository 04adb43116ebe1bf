import { setTimeout as sleep } from "node:timers/promises";
import { BackupError } from "../../core/backup-error.ts";
import { METADATA_SUFFIX } from "../../core/backup-name.ts";
import type { GrowingFolder, Storage } from "../../ports/storage.ts";
import type { RestorePorts } from "../restore-single.ts";
import { type AnnouncedBackup, readAnnouncedBackup } from "./announced-backup.ts";

/** For a backup that has not begun to write, or is not begun yet. */
const PATIENCE_MS = 10_000;
const LOOK_MS = 100;
const LATEST = "latest:";

/** A backup that is being made. */
export interface RunningBackup {
  readonly backup: AnnouncedBackup;
  readonly folder: GrowingFolder;
  /** What comes behind the first announcement. */
  readonly lines: AsyncGenerator<string>;
  readonly storage: Storage;
  /** Ends the reading of lines. */
  readonly stop: AbortController;
}

/** Where it is made, and which one is meant. */
interface Wanted {
  readonly storage: Storage;
  readonly isMeant: (backup: AnnouncedBackup) => boolean;
  /** Whether there is no use in waiting: it is there already, or something else may be meant. */
  isFinished(): Promise<boolean>;
}

/**
 * The backup that is being made and that the user means; one that has not begun is waited for a while. Undefined when there
 * is none, or what is meant is finished.
 */
export async function findGrowing(
  argument: string,
  ports: Pick<RestorePorts, "openRepository" | "locateOutput" | "locateFile" | "progress">,
  signal: AbortSignal,
): Promise<RunningBackup | undefined> {
  const wanted = await wantedBy(argument, ports);
  let isTold = false;
  for (let waited = 0; ; waited += LOOK_MS) {
    signal.throwIfAborted();
    const found = await findOnce(wanted, signal);
    if (found !== undefined) return found;
    if (await wanted.isFinished()) return undefined;
    if (waited >= PATIENCE_MS) break;
    if (!isTold) ports.progress.emit({ event: "phase", phase: "follow", message: "waiting for the backup to begin" });
    isTold = true;
    await sleep(LOOK_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
  ports.progress.emit({
    event: "warning",
    message: "no backup that can be followed is being made there: a finished one is restored, if there is one",
    hint: "begin the backup first (MySQL or MariaDB, --format directory, without encryption and --resumable)",
  });
  return undefined;
}

async function wantedBy(
  argument: string,
  ports: Pick<RestorePorts, "openRepository" | "locateOutput" | "locateFile">,
): Promise<Wanted> {
  if (argument.startsWith(LATEST)) {
    const storage = await ports.openRepository();
    requireThatItTells(storage);
    const database = argument.slice(LATEST.length);
    return { storage, isMeant: (backup) => backup.database === database, isFinished: async () => false };
  }
  if (argument.includes("://")) throw onlyHere(argument);
  const { storage, key } = await ports.locateOutput(argument);
  const isMeant = ({ output }: AnnouncedBackup) => output === key;
  // A word may be an id, or the name of something in the repository.
  if (!/[/\\]/.test(argument)) return { storage, isMeant, isFinished: async () => true };
  const metadata = `${argument.replace(/[/\\]+$/, "")}${METADATA_SUFFIX}`;
  return { storage, isMeant, isFinished: async () => (await ports.locateFile(metadata)) !== undefined };
}

/** Nobody reads it along any more. */
export async function endGrowing({ folder, lines, stop }: Pick<RunningBackup, "folder" | "lines" | "stop">) {
  stop.abort();
  // It may be waiting for more, and is told so.
  await lines.return(undefined).catch(() => undefined);
  await folder[Symbol.asyncDispose]();
}

async function findOnce({ storage, isMeant }: Wanted, signal: AbortSignal): Promise<RunningBackup | undefined> {
  for await (const folder of storage.growing?.() ?? []) {
    const stop = new AbortController();
    const lines = folder.lines(AbortSignal.any([signal, stop.signal]));
    const first = await lines.next();
    const backup = first.done === true ? undefined : readAnnouncedBackup(first.value);
    const running = backup && { backup, folder, lines, storage, stop };
    if (running !== undefined && isMeant(running.backup)) return running;
    await endGrowing({ folder, lines, stop });
  }
  return undefined;
}

function requireThatItTells(storage: Storage): void {
  if (storage.growing === undefined) throw onlyHere(storage.location);
}

function onlyHere(object: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: "a backup is followed on the machine that makes it, and only in a folder",
    object,
    hint: "leave out --follow, and restore it when it is finished",
  });
}
