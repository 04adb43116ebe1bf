import { BackupError } from "../core/backup-error.ts";
import type { RestoreEngine } from "../ports/restore.ts";
import type { FoundArtifact, FoundBackup } from "./found-backup.ts";
import { plainObject } from "./plain-object.ts";
import { openSource } from "./restore-source.ts";
import type { VerifiedBackup } from "./verify-backup.ts";
import { type Damage, damageCodes } from "./verify-folder.ts";

/** Files of a folder that are opened beside each other. */
const OPENED_AT_ONCE = 8;

/** What a quick look found. */
export type QuicklyVerified = Pick<VerifiedBackup, "storedBytes" | "damage" | "notes">;

/**
 * Checks what can be known of a backup without reading it: that every file is there with the size that was recorded, header and table of
 * contents as a restore reads them before it touches anything, and of encrypted files the header and the last frame. What lies between is not
 * read: a changed byte there is not found.
 * @throws BackupError for what is no damage: KEY, IO, UNSUPPORTED_FORMAT
 */
export async function verifyQuickly(
  backup: FoundBackup,
  engine: RestoreEngine,
  limit: { readonly maxPlainBytes?: number },
  signal: AbortSignal,
): Promise<QuicklyVerified> {
  const damage: Damage[] = [];
  const note = (error: unknown, object: string): void => {
    const isMissing = error instanceof BackupError && error.code === "NOT_FOUND";
    if (!(error instanceof BackupError) || !(damageCodes.has(error.code) || isMissing)) throw error;
    damage.push({ object: error.object ?? object, message: isMissing ? "the file is missing" : error.message });
  };
  const storedBytes = await openFiles(backup, note, signal);
  // What is missing or cut is told once.
  if (damage.length === 0)
    await openWhole(backup, engine, limit).catch((error: unknown) => note(error, backup.location));
  return { storedBytes, damage, notes: [] };
}

/** Opens each file. @returns their bytes, as stored */
async function openFiles(
  { artifacts, metadata, folder }: FoundBackup,
  note: (error: unknown, object: string) => void,
  signal: AbortSignal,
): Promise<number> {
  let bytes = 0;
  // Whether the files of a folder are there, its listing tells; what they begin and end with, only encrypted ones do.
  const sizes = await folder?.sizes();
  const open = async (artifact: FoundArtifact, index: number): Promise<void> => {
    const { name } = artifact;
    const expected = metadata?.artifacts[index]?.size;
    try {
      const known = sizes?.get(name.slice(name.lastIndexOf("/") + 1));
      if (sizes !== undefined && known !== undefined && artifact.decrypt === undefined) {
        bytes += known;
        requireSize(name, known, expected);
        return;
      }
      const stored = await artifact.open();
      bytes += stored.size;
      try {
        requireSize(name, stored.size, expected);
      } catch (error) {
        await stored.close();
        throw error;
      }
      await (await plainObject(artifact, stored)).close();
    } catch (error) {
      note(error, name);
    }
  };
  for (let first = 0; first < artifacts.length; first += OPENED_AT_ONCE) {
    signal.throwIfAborted();
    const some = artifacts.slice(first, first + OPENED_AT_ONCE);
    await Promise.all(some.map((artifact, place) => open(artifact, first + place)));
  }
  return bytes;
}

function requireSize(object: string, size: number, expected: number | undefined): void {
  if (expected === undefined || size === expected) return;
  throw new BackupError({ code: "DAMAGED", message: `it has ${size} bytes instead of ${expected}`, object });
}

async function openWhole(
  backup: FoundBackup,
  engine: RestoreEngine,
  limit: { readonly maxPlainBytes?: number },
): Promise<void> {
  await using source = await openSource(backup);
  await engine.open(source.input, limit);
}
