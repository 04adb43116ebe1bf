import { databaseLabel, METADATA_SUFFIX } from "../../core/backup-name.ts";
import type { Compression } from "../../core/compression.ts";
import { ENCRYPTED_SUFFIX } from "../../core/encrypted-file.ts";
import type { ArtifactTotals, OpenArtifactStages } from "../../ports/artifact-stages.ts";
import type { ByteSink } from "../../ports/byte-sink.ts";
import type { DumpResult, FolderOutput } from "../../ports/dump.ts";
import type { EncryptedSink, Encryption } from "../../ports/encryption.ts";
import type { Spool } from "../../ports/spool.ts";
import type { DiscardableFile, PendingFolder, Work } from "../../ports/storage.ts";
import type { WrittenArtifact } from "../backup-metadata.ts";
import { writeFolder } from "../write-folder.ts";

const uncompressed: Compression = { method: "none", level: 0 };

/** How the files of a cluster's backup are encrypted. */
export interface ClusterSealing {
  readonly encryption: Encryption;
  /** The cluster's. */
  readonly backupId: string;
}

/** The folder that a cluster's backup becomes: files one after another, with their hashes. */
export class ClusterFolder {
  /** Names in the folder. */
  readonly files: WrittenArtifact[] = [];
  readonly #folder: PendingFolder;
  readonly #work: Work;
  readonly #openStages: OpenArtifactStages;
  /** In lower case: there are file systems that take both for one. */
  readonly #taken = new Set<string>();
  readonly #sealing: ClusterSealing | undefined;

  /** @param sealing encrypts all files but metadata, which are sealed by whoever writes them */
  constructor(folder: PendingFolder, work: Work, openStages: OpenArtifactStages, sealing?: ClusterSealing) {
    this.#sealing = sealing;
    this.#folder = folder;
    this.#work = work;
    this.#openStages = openStages;
  }

  /** A name of a file that nothing in the folder has yet, for a database (or else) of this name. */
  nameFor(label: string, extension: string): string {
    for (let attempt = 1; ; attempt++) {
      const name = `${databaseLabel(label)}${attempt === 1 ? "" : `-${attempt}`}${extension}`;
      if (this.#taken.has(name.toLowerCase())) continue;
      this.#taken.add(name.toLowerCase());
      return name;
    }
  }

  /** What a file of this name, which holds no metadata, is called in the folder. */
  storedName(name: string): string {
    return this.#sealing === undefined ? name : name + ENCRYPTED_SUFFIX;
  }

  /**
   * Writes a file of this name; without it when `produce` fails.
   * @param compression of the whole file, for what is not compressed inside
   */
  async write<Result>(
    name: string,
    produce: (sink: ByteSink, openSpool: () => Promise<Spool>) => Promise<Result>,
    compression: Compression = uncompressed,
  ): Promise<{ readonly result: Result; readonly totals: ArtifactTotals }> {
    const sealing = name.endsWith(METADATA_SUFFIX) ? undefined : this.#sealing;
    const stored = sealing === undefined ? name : this.storedName(name);
    const file = await this.#folder.create(stored);
    const spools: Spool[] = [];
    const openSpool = async (): Promise<Spool> => {
      const spool = await this.#work.openSpool();
      spools.push(spool);
      return sealing === undefined ? spool : sealing.encryption.spool(spool);
    };
    try {
      const stages = this.#openStages(file, compression, sealing && ((target) => openSealed(target, name, sealing)));
      const result = await produce(stages, openSpool);
      const totals = await stages.end();
      await file.end();
      this.files.push({ name: stored, ...totals });
      return { result, totals };
    } catch (error) {
      // The error says more than that its half file could not be removed: the work takes that away in the end.
      await file.discard().catch(() => {});
      throw error;
    } finally {
      // Thousands of databases must not keep the memory of thousands of spools until the end of the work.
      for (const spool of spools) await spool.close();
    }
  }

  /**
   * Has a dump write several files, whose names in the folder begin with `base` and a dot. When it fails, those that ended
   * stay, and are listed: they go away with the backup.
   */
  async writeFiles(
    base: string,
    dump: (output: FolderOutput) => Promise<DumpResult>,
  ): Promise<{ readonly result: DumpResult; readonly files: readonly WrittenArtifact[] }> {
    const open = new Set<DiscardableFile>();
    const create = async (name: string): Promise<DiscardableFile> => {
      const file = await this.#folder.create(`${base}.${name}`);
      open.add(file);
      const end = async (): Promise<void> => {
        await file.end();
        open.delete(file);
      };
      return { write: (bytes) => file.write(bytes), end, discard: () => file.discard() };
    };
    const sealing = this.#sealing;
    const encrypt =
      sealing &&
      ((target: ByteSink, name: string): Promise<EncryptedSink> => openSealed(target, `${base}.${name}`, sealing));
    const files: WrittenArtifact[] = [];
    const onWritten = (file: WrittenArtifact): void => {
      const named = { ...file, name: `${base}.${file.name}` };
      files.push(named);
      this.files.push(named);
    };
    try {
      const { dump: result } = await writeFolder(
        { create },
        { openStages: this.#openStages, encrypt, onWritten },
        dump,
      );
      return { result, files };
    } catch (error) {
      // As for single files.
      for (const file of open) await file.discard().catch(() => {});
      throw error;
    }
  }

  /** Writes bytes as a file. Answers its name. */
  async writeWhole(label: string, extension: string, bytes: Uint8Array): Promise<string> {
    const name = this.nameFor(label, extension);
    await this.write(name, (sink) => sink.write(bytes));
    return this.storedName(name);
  }

  commit(key: string): Promise<void> {
    return this.#folder.commit(key);
  }
}

function openSealed(
  target: ByteSink,
  artifact: string,
  { encryption, backupId }: ClusterSealing,
): Promise<EncryptedSink> {
  return encryption.open(target, { backupId, artifact });
}
