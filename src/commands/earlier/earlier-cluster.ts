import { BackupError } from "../../core/backup-error.ts";
import { isEarlier } from "../../core/metadata/earlier-metadata.ts";
import type { ArtifactMetadata } from "../../core/metadata/metadata-schema.ts";
import { isSafeRelativePath } from "../../core/safe-path.ts";
import type { EarlierArchives, TarEntry } from "../../ports/earlier-archives.ts";
import type { OpenedObject } from "../../ports/storage.ts";
import { type FoundArtifact, type FoundBackup, isCluster } from "../found-backup.ts";
import { HashedObject } from "../hashed-object.ts";
import { plainObject } from "../plain-object.ts";
import { HashedRead } from "../read-object.ts";

const GLOBALS = "globals.sql";
/** An archive of pg_dump, or of large databases a script. */
const databaseFile = /^dumps\/(.+?)\.(?:dump|sql|sql\.gz)$/s;
/** More than any server has databases. */
const MAX_ENTRIES = 100_000;

/** What a file of such an archive is. */
export type EarlierMember =
  | { readonly kind: "globals"; readonly path: string }
  | { readonly kind: "database"; readonly path: string; readonly name: string }
  | { readonly kind: "unknown"; readonly path: string };

/** Whether a backup is that of a server by dbbackup 1 to 3: `globals.sql` and `dumps/` in a tar, compressed with gzip. */
export function isEarlierCluster({ metadata }: FoundBackup): boolean {
  return isEarlier(metadata) && isCluster(metadata);
}

/** The stored bytes of an archive, and what was recorded of them. */
export class EarlierArchiveFile implements AsyncDisposable {
  readonly #stored: HashedObject;
  readonly #plain: OpenedObject;
  readonly #recorded: ArtifactMetadata | undefined;

  private constructor(stored: HashedObject, plain: OpenedObject, recorded: ArtifactMetadata | undefined) {
    this.#stored = stored;
    this.#plain = plain;
    this.#recorded = recorded;
  }

  /** @throws BackupError NOT_FOUND, KEY, DAMAGED, IO */
  static async open({ artifacts, metadata }: FoundBackup): Promise<EarlierArchiveFile> {
    const artifact = artifacts[0] as FoundArtifact;
    const stored = new HashedObject(await artifact.open());
    return new EarlierArchiveFile(stored, await plainObject(artifact, stored), metadata?.artifacts[0]);
  }

  get size(): number {
    return this.#stored.size;
  }

  /**
   * What is in it, front to back.
   * @throws BackupError DAMAGED for names that lead elsewhere, links, and what stands there twice; FOREIGN_FILE
   */
  async *members(
    archives: EarlierArchives,
    signal: AbortSignal,
    maxPlainBytes: number | undefined,
    onBytes: (count: number) => void = () => {},
  ): AsyncGenerator<{ readonly member: EarlierMember; readonly entry: TarEntry }> {
    const pieces = new HashedRead(this.#plain, onBytes, signal).pieces();
    const seen = new Set<string>();
    for await (const entry of archives.entries(pieces, this.#plain.size, maxPlainBytes)) {
      signal.throwIfAborted();
      const path = entry.name.replace(/^\.\//, "").replace(/\/$/, "");
      if (entry.kind === "folder" && (path === "" || path === ".")) continue;
      if (!isSafeRelativePath(path)) throw damaged(`holds a file "${entry.name}", whose path leads elsewhere`);
      if (entry.kind === "folder") continue;
      if (entry.kind === "other") throw damaged(`holds "${path}", which is no file`);
      const member = memberOf(path);
      const key = member.kind === "database" ? `database ${member.name}` : path;
      if (seen.has(key)) throw damaged(`holds "${path}" twice`);
      seen.add(key);
      if (seen.size > MAX_ENTRIES) throw damaged(`holds more than ${MAX_ENTRIES} files`);
      yield { member, entry };
    }
  }

  /** How the stored bytes differ from what was recorded; undefined: not at all, as far as is known. Reads what nobody has read. */
  async difference(): Promise<string | undefined> {
    const { size, sha256 } = this.#recorded ?? {};
    if (size !== undefined && size !== this.size) return `it has ${this.size} bytes instead of ${size}`;
    if (sha256 === undefined) return undefined;
    const found = await this.#stored.finish();
    return found === sha256 ? undefined : `its bytes have the SHA-256 ${found} instead of ${sha256}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#plain.close();
  }
}

function memberOf(path: string): EarlierMember {
  if (path === GLOBALS) return { kind: "globals", path };
  const name = databaseFile.exec(path)?.[1];
  return name === undefined ? { kind: "unknown", path } : { kind: "database", path, name };
}

function damaged(what: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the archive ${what}`,
    hint: "no dbbackup wrote that; use another copy or an earlier backup",
  });
}
