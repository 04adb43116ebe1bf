import { withoutSuffix } from "../core/encrypted-file.ts";
import type { ArtifactMetadata } from "../core/metadata/metadata-schema.ts";
import type { BackupFiles } from "../ports/backup-files.ts";
import type { OpenedObject } from "../ports/storage.ts";
import { type FoundArtifact, type FoundBackup, fileName, type HowToOpen } from "./found-backup.ts";
import { HashedObject } from "./hashed-object.ts";
import { plainObject } from "./plain-object.ts";

/** A file whose bytes are not those that the metadata recorded. */
export interface ChangedFile {
  /** Name of the artifact. */
  readonly name: string;
  readonly message: string;
}

/**
 * The files of a backup that is a folder, whose SHA-256 is computed while somebody reads them: each byte that is used was
 * checked, and is read once.
 */
export class HashedFiles implements BackupFiles {
  /** Of encrypted files: as they were before. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Bytes as they are stored. */
  readonly #storedSizes: ReadonlyMap<string, number>;
  readonly #artifacts: ReadonlyMap<string, FoundArtifact>;
  readonly #expected: ReadonlyMap<string, ArtifactMetadata>;
  readonly #onBytes: (count: number) => void;
  readonly #how: HowToOpen;
  /** Names of files that were read as a whole. */
  readonly #read = new Set<string>();
  readonly #changed = new Map<string, ChangedFile>();

  /** @param sizes of the files that are there; those that the metadata does not name are left out */
  constructor(
    backup: FoundBackup,
    sizes: ReadonlyMap<string, number>,
    onBytes: (count: number) => void = () => {},
    how: HowToOpen = {},
  ) {
    const isEncrypted = backup.artifacts.some(({ decrypt }) => decrypt !== undefined);
    const prefix = backup.folder?.prefix ?? "";
    const plainName = (name: string): string => {
      const own = fileName(name).slice(prefix.length);
      return isEncrypted ? withoutSuffix(own) : own;
    };
    this.#artifacts = new Map(backup.artifacts.map((artifact) => [plainName(artifact.name), artifact]));
    this.#expected = new Map(backup.metadata?.artifacts.map((artifact) => [plainName(artifact.name), artifact]));
    const named = new Map(backup.artifacts.map(({ name }) => [fileName(name), plainName(name)]));
    const found = [...sizes].filter(([name]) => named.has(name));
    this.#storedSizes = new Map(found.map(([name, size]) => [named.get(name)!, size]));
    this.sizes = isEncrypted ? this.#plainSizes() : this.#storedSizes;
    this.#onBytes = onBytes;
    this.#how = how;
    this.#noteSizes();
  }

  /** What was found so far: files that are missing or of another size, from the start; then those that differ. */
  get changed(): readonly ChangedFile[] {
    return [...this.#changed.values()];
  }

  async open(name: string): Promise<OpenedObject> {
    const artifact = this.#artifacts.get(name)!;
    const hashed = new HashedObject(await artifact.open());
    const plain = await plainObject(artifact, hashed, this.#how);
    const { key, size, localPath, frames } = plain;
    return {
      key,
      localPath,
      size,
      ...(frames === undefined ? {} : { frames }),
      readAt: async (position, target) => {
        const count = await plain.readAt(position, target);
        this.#onBytes(count);
        return count;
      },
      close: async () => {
        if (hashed.isComplete) await this.#compare(name, hashed);
        await hashed.close();
      },
    };
  }

  /** Name of the artifact that a file is; of one that is missing its name may lack the ending of compressed ones. */
  artifactOf(name: string): string | undefined {
    const known = this.#artifacts.get(name);
    if (known !== undefined) return known.name;
    for (const [file, artifact] of this.#artifacts) if (file.startsWith(`${name}.`)) return artifact.name;
    return undefined;
  }

  /** A file was read as a whole before the metadata was there. @param sha256 what was computed then */
  wasRead(name: string, sha256: string): void {
    this.#noteHash(name, sha256);
  }

  /** Reads and compares every file of the metadata that nobody read as a whole. */
  async finish(signal: AbortSignal): Promise<void> {
    for (const name of this.#expected.keys()) {
      if (this.#read.has(name) || !this.#storedSizes.has(name)) continue;
      signal.throwIfAborted();
      const hashed = new HashedObject(await this.#artifacts.get(name)!.open());
      try {
        await this.#compare(name, hashed);
        this.#onBytes(hashed.size);
      } finally {
        await hashed.close();
      }
    }
  }

  async #compare(name: string, hashed: HashedObject): Promise<void> {
    this.#read.add(name);
    this.#noteHash(name, await hashed.finish());
  }

  #noteHash(name: string, sha256: string): void {
    this.#read.add(name);
    const expected = this.#expected.get(name);
    if (expected?.sha256 === undefined || expected.sha256 === sha256 || this.#changed.has(name)) return;
    const message = `its bytes have the SHA-256 ${sha256} instead of ${expected.sha256}`;
    this.#changed.set(name, { name: expected.name, message });
  }

  #plainSizes(): Map<string, number> {
    const names = [...this.#storedSizes.keys()];
    return new Map(names.map((name) => [name, this.#expected.get(name)?.plain_size ?? this.#storedSizes.get(name)!]));
  }

  #noteSizes(): void {
    for (const [file, { name, size }] of this.#expected) {
      const found = this.#storedSizes.get(file);
      if (found === size) continue;
      const message = found === undefined ? "the file is missing" : `it has ${found} bytes instead of ${size}`;
      this.#changed.set(file, { name, message });
    }
  }
}
