import { BackupError } from "../core/backup-error.ts";
import { compactTime } from "../core/backup-name.ts";
import { isSafeComponent } from "../core/safe-path.ts";
import type { Storage } from "../ports/storage.ts";

const maxNameAttempts = 100;

/** What is written beside a backup. */
export interface Beside {
  /** Name of the file or folder that the backup is. */
  readonly name: string;
  readonly time: Date;
  /** What stands behind the time, without a dot. */
  readonly label?: string;
  /** How the names of such records end. */
  readonly suffix: string;
  readonly text: string;
}

/**
 * Writes a record beside a backup, as `NAME.TIME.SUFFIX`, under a name that is free: nothing in a repository is ever written over.
 * @returns its key
 * @throws BackupError IO
 */
export async function writeBeside({ name, time, label = "", suffix, text }: Beside, storage: Storage): Promise<string> {
  if (!isSafeComponent(name)) {
    throw new BackupError({
      code: "IO",
      message: `a file name such as "${name}" is not written`,
      object: storage.location,
      hint: "rename the backup and its metadata",
    });
  }
  const work = await storage.beginWork();
  try {
    const pending = await work.create();
    await pending.write(Buffer.from(text, "utf8"));
    const base = `${name}.${compactTime(time)}${label}`;
    for (let attempt = 1; ; attempt++) {
      const key = `${base}${attempt === 1 ? "" : `-${attempt}`}${suffix}`;
      try {
        await pending.commit(key, "seal");
        return key;
      } catch (error) {
        if (!(error instanceof BackupError) || error.code !== "EXISTS" || attempt === maxNameAttempts) throw error;
      }
    }
  } finally {
    await work.end();
  }
}

/** Whether a key is that of such a record: what stands between name and suffix is a time and a label, which have no dot. */
export function isBeside(key: string, name: string, suffix: string): boolean {
  if (!key.startsWith(`${name}.`) || !key.endsWith(suffix)) return false;
  return !key.slice(name.length + 1, -suffix.length).includes(".");
}

/** The name of the backup that such a record lies beside. */
export function nameBeside(key: string, suffix: string): string {
  const withTime = key.slice(0, -suffix.length);
  return withTime.slice(0, Math.max(0, withTime.lastIndexOf(".")));
}
