import { createHash } from "node:crypto";
import { backupBaseName, HOLD_SUFFIX, METADATA_SUFFIX } from "../../src/core/backup-name.ts";
import { KEY_FILE_MARK } from "../../src/core/encrypted-file.ts";
import { formatMetadata } from "../../src/core/metadata/format-metadata.ts";
import type { BackupMetadata } from "../../src/core/metadata/metadata-schema.ts";
import { readMetadata } from "../../src/core/metadata/read-metadata.ts";
import { uuidV7 } from "../../src/core/uuid-v7.ts";

/** Files of a repository by their keys, however they are stored. */
export interface StoredFiles {
  /** Those of folders begin with the folder's name and a slash; an empty folder is there as `NAME/`. */
  keys(): readonly string[];
  bytes(key: string): Buffer | undefined;
  put(key: string, bytes: Buffer): void;
}

/** What no run may touch. */
const foreignFiles: ReadonlyMap<string, Buffer> = new Map(
  ["README", "a_full_20200101T000000Z.dump", "other/notes.txt", "a_full_19990101T000000Z.dump.sha256"].map((key) => [
    key,
    Buffer.from(`somebody's ${key}`),
  ]),
);

/** A backup as it was planted or made. */
export interface KnownBackup {
  readonly id: string;
  readonly database: string;
  readonly time: number;
}

/** Puts files of others there. */
export function plantForeign(files: StoredFiles): void {
  for (const [key, bytes] of foreignFiles) files.put(key, bytes);
}

/** Puts a finished backup there, as one made at that time. @param base of an increment */
export function plantFinished(files: StoredFiles, database: string, time: Date, base?: string): KnownBackup {
  const kind = base === undefined ? "full" : "incremental";
  const name = `${backupBaseName(database, kind, time)}.dump`;
  const bytes = Buffer.from(`the bytes of ${name}`);
  const sha256 = sha256Of(bytes);
  const metadata: BackupMetadata = {
    version: "4.0",
    timestamp: time.toISOString(),
    database,
    database_type: "postgresql",
    host: "db1",
    port: 5432,
    backup_file: name,
    size_bytes: bytes.length,
    sha256,
    compression: "none",
    backup_type: kind,
    id: uuidV7(time),
    format_version: 1,
    method: "logical",
    format: "custom",
    ...(base === undefined ? {} : { base_backup: base }),
    artifacts: [{ name, size: bytes.length, sha256 }],
  };
  files.put(name, bytes);
  files.put(`${name}${METADATA_SUFFIX}`, Buffer.from(formatMetadata(metadata)));
  return { id: metadata.id, database, time: time.getTime() };
}

/**
 * Reads what lies there, without asking any code that is tested: every backup that has metadata is whole.
 * @returns the metadata by the ids
 * @throws Error for one that is not, and for a file of somebody else that is not as it was
 */
export function wholeBackups(files: StoredFiles): ReadonlyMap<string, BackupMetadata> {
  for (const [key, bytes] of foreignFiles) {
    if (files.bytes(key)?.equals(bytes) !== true) throw new Error(`a file of somebody else is not as it was: ${key}`);
  }
  const found = new Map<string, BackupMetadata>();
  for (const key of files.keys()) {
    if (!key.endsWith(METADATA_SUFFIX) || key.includes("/")) continue;
    const text = files.bytes(key)!;
    // Where there are no hard links, an empty file holds the name for a moment.
    if (text.length === 0) continue;
    const metadata = readMetadata(text.toString("utf8"), key);
    for (const { name, size, sha256 } of metadata.artifacts) {
      const bytes = files.bytes(name);
      if (bytes === undefined) throw new Error(`half a backup: ${key} is there without ${name}`);
      if (bytes.length !== size || sha256Of(bytes) !== sha256) throw new Error(`damaged: ${name}`);
    }
    found.set(metadata.id, metadata);
  }
  return found;
}

/** Keys that belong to no backup and to nobody else. */
export function remainsIn(files: StoredFiles): readonly string[] {
  const known = new Set([...foreignFiles.keys(), "other/"]);
  const stems: string[] = [];
  for (const key of files.keys()) {
    if (!key.endsWith(METADATA_SUFFIX) || key.includes("/") || files.bytes(key)!.length === 0) continue;
    known.add(key);
    stems.push(key.slice(0, -METADATA_SUFFIX.length));
    for (const { name } of readMetadata(files.bytes(key)!.toString("utf8"), key).artifacts) {
      known.add(name);
      if (name.includes("/")) known.add(name.slice(0, name.indexOf("/") + 1));
    }
  }
  const isHold = (key: string) => key.endsWith(HOLD_SUFFIX) && stems.some((stem) => key.startsWith(`${stem}.`));
  const isKeyFile = (key: string) => known.has(key.slice(0, Math.max(0, key.lastIndexOf(KEY_FILE_MARK))));
  return files.keys().filter((key) => !known.has(key) && !isHold(key) && !isKeyFile(key));
}

function sha256Of(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
