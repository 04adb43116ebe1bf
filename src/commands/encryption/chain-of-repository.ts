import { BackupError } from "../../core/backup-error.ts";
import { type ChainFinding, chainFindings } from "../../core/metadata/backup-chain.ts";
import type { BackupMetadata } from "../../core/metadata/metadata-schema.ts";
import type { Storage } from "../../ports/storage.ts";
import type { FoundBackup } from "../found-backup.ts";
import { type ListedBackup, listBackups } from "../list-backups.ts";
import { folderOf } from "../proof/place-of-backup.ts";
import { openEncrypted, type Unlocking } from "./open-encrypted.ts";

/** What keys told of the backups of a repository. */
export interface CheckedChain {
  /** Backups with all of their metadata; of those that are not encrypted, and those that do not open, as they were found. */
  readonly backups: readonly ListedBackup[];
  /** Encrypted backups that the keys do not open, or that were changed. */
  readonly failures: readonly BackupError[];
  readonly findings: readonly ChainFinding[];
}

/** Opens the metadata of every encrypted backup of a listing, and looks whether they follow each other. */
export async function checkChain(
  backups: readonly ListedBackup[],
  unlocking: Unlocking,
  signal: AbortSignal,
): Promise<CheckedChain> {
  const opened: ListedBackup[] = [];
  const chained: BackupMetadata[] = [];
  const failures: BackupError[] = [];
  for (const listed of backups) {
    signal.throwIfAborted();
    const { sealed } = listed.metadata;
    try {
      const { metadata = listed.metadata } =
        sealed === undefined ? listed.backup : await openEncrypted(listed.backup, unlocking);
      opened.push({ ...listed, metadata });
      if (sealed !== undefined) chained.push({ ...metadata, sealed });
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      failures.push(error.on(listed.backup.location));
      opened.push(listed);
    }
  }
  return { backups: opened, failures, findings: chainFindings(chained) };
}

/** Tells what of a repository's chain concerns one backup that was opened. Each repository is read once. */
export class ChainNotes {
  readonly #openStorage: (location: string) => Promise<Storage>;
  readonly #findings = new Map<string, Promise<readonly ChainFinding[]>>();

  constructor(openStorage: (location: string) => Promise<Storage>) {
    this.#openStorage = openStorage;
  }

  /**
   * As far as what everybody can read tells it.
   * @throws BackupError IO
   */
  async of({ metadata, location }: FoundBackup, signal: AbortSignal): Promise<readonly string[]> {
    if (metadata?.sequence === undefined) return [];
    const folder = folderOf(location);
    const findings = this.#findings.get(folder) ?? this.#read(folder, signal);
    this.#findings.set(folder, findings);
    return (await findings).filter(({ id }) => id === metadata.id).map(({ message }) => message);
  }

  async #read(folder: string, signal: AbortSignal): Promise<readonly ChainFinding[]> {
    const { backups } = await listBackups(await this.#openStorage(folder), signal);
    return chainFindings(backups.map((listed) => listed.metadata));
  }
}
