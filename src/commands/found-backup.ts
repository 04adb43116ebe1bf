import { BackupError } from "../core/backup-error.ts";
import { METADATA_SUFFIX } from "../core/backup-name.ts";
import { isEarlier } from "../core/metadata/earlier-metadata.ts";
import type { BackupMetadata } from "../core/metadata/metadata-schema.ts";
import { MAX_METADATA_BYTES, readMetadata } from "../core/metadata/read-metadata.ts";
import type { ContainerContext } from "../ports/encryption.ts";
import type { OpenedObject, Storage } from "../ports/storage.ts";
import { fileInRepository, KeyFilesOfFolder, type StoredFile } from "./encryption/key-files.ts";

/** What is read of a damaged backup, to find what of it is whole. */
export interface HowToOpen {
  /** Encrypted files are opened although their end is damaged. */
  readonly isSalvaged?: boolean;
}

/** A stored object of a backup, to be opened. */
export interface FoundArtifact {
  readonly name: string;
  /** The bytes as they are stored. @throws BackupError NOT_FOUND, IO */
  open(): Promise<OpenedObject>;
  /** Of an encrypted one: its bytes as they were before. Closing them closes the stored ones. @throws BackupError KEY, DAMAGED, IO */
  decrypt?(stored: OpenedObject, how?: HowToOpen): Promise<OpenedObject>;
  /** Where it is stored; missing for a part of a file. */
  readonly file?: StoredFile;
  /** Of an encrypted one that was unlocked: which file of which backup it is. */
  readonly context?: ContainerContext;
}

/** A backup that was found, in a repository or by its path. */
export interface FoundBackup {
  /** Where it lies, for people: a path or URL. */
  readonly location: string;
  /** Missing for a file that has none beside it, such as an archive of pg_dump. */
  readonly metadata?: BackupMetadata;
  readonly artifacts: readonly FoundArtifact[];
  /** Set when the backup is a folder, whose files the artifacts are. */
  readonly folder?: FoundFolder;
  /** Where its metadata is stored. */
  readonly metadataFile?: StoredFile;
  /** Its bytes. @throws BackupError NOT_FOUND, IO */
  openMetadata?(): Promise<OpenedObject>;
  /**
   * Of an encrypted one that was unlocked: what was found damaged while its files were opened, and did not keep anybody from
   * reading them. It grows with each file.
   */
  readonly openingDamage?: readonly BackupError[];
  /** What a verification says of it in any case. */
  readonly notes?: readonly string[];
  /** Of one of dbbackup 1 to 3: what has the name of its file and this behind it. @throws BackupError IO */
  openSideFile?(suffix: string): Promise<OpenedObject | undefined>;
  /**
   * Of an encrypted one with metadata that was unlocked: a MAC of what is said of it elsewhere, which needs its keys.
   * @throws BackupError KEY, DAMAGED
   */
  authenticate?(message: Uint8Array): Promise<Buffer>;
  /** Of an encrypted one that was unlocked: unlocks a backup in it. */
  openInner?(inner: FoundBackup): Promise<FoundBackup>;
}

/** The folder that a backup is. */
export interface FoundFolder {
  /** Bytes of the files that are there, by their names in the folder. @throws BackupError IO */
  sizes(): Promise<ReadonlyMap<string, number>>;
  /** What the names of its files begin with, where other backups lie in the same folder. */
  readonly prefix?: string;
}

/** Name of a folder's file, of the name of the artifact that it is. */
export function fileName(artifact: string): string {
  return artifact.slice(artifact.lastIndexOf("/") + 1);
}

/** Whether a backup is that of a server with all its databases. */
export function isCluster(metadata: Pick<BackupMetadata, "scope"> | undefined): boolean {
  return metadata?.scope === "cluster";
}

/** Whether something that the server has was left out, on purpose or because a database failed. */
export function isPartial({ partial = [], failed_databases: failed = [] }: BackupMetadata): boolean {
  return partial.length > 0 || failed.length > 0;
}

/**
 * The folder beside the metadata that a backup in directory format, or of a cluster, is; undefined for others.
 * @throws BackupError DAMAGED when its artifacts do not lie in one folder; USAGE for one that lies among those of a cluster
 */
export function folderOf(metadata: BackupMetadata, where: string): string | undefined {
  if (isEarlier(metadata)) return undefined;
  if (metadata.format !== "directory" && !isCluster(metadata) && !isSealedFolder(metadata)) return undefined;
  const folders = new Set(metadata.artifacts.map(({ name }) => name.slice(0, Math.max(0, name.lastIndexOf("/")))));
  const [folder] = folders;
  if (folders.size === 1 && folder !== "" && !folder!.includes("/")) return folder;
  if (folder === "" && metadata.part_of !== undefined) {
    throw new BackupError({
      code: "USAGE",
      message: "it is a database of several files in the backup of a cluster, which is restored as such",
      object: where,
      hint: "use restore cluster with the folder that it lies in, and --database",
    });
  }
  throw new BackupError({
    code: "DAMAGED",
    message: "the artifacts that the metadata names do not lie in one folder",
    object: where,
    hint: "restore the metadata from a copy of the repository",
  });
}

/** What can be read of an encrypted backup does not tell its format. */
function isSealedFolder({ sealed, artifacts }: BackupMetadata): boolean {
  return sealed !== undefined && artifacts.some(({ name }) => name.includes("/"));
}

/** The backup that this metadata in a repository describes. */
export function backupInRepository(storage: Storage, metadataKey: string, metadata: BackupMetadata): FoundBackup {
  const base = metadataKey.slice(0, metadataKey.lastIndexOf("/") + 1);
  const location = `${storage.location}/${metadataKey.slice(0, -METADATA_SUFFIX.length)}`;
  if (isEarlier(metadata)) return earlierInRepository(storage, metadataKey, metadata);
  const folder = folderOf(metadata, location);
  const metadataFile = fileInRepository(storage, metadataKey);
  const openMetadata = () => storage.open(metadataKey);
  const open = (name: string) => () => storage.open(base + name);
  if (folder === undefined) {
    const file = (name: string) => fileInRepository(storage, base + name);
    const artifacts = metadata.artifacts.map(({ name }) => ({ name, open: open(name), file: file(name) }));
    return { location, metadata, metadataFile, openMetadata, artifacts };
  }
  const sizes = () => sizesIn(storage, `${base}${folder}/`);
  const keyFiles = new KeyFilesOfFolder(
    async () => (await sizes()).keys(),
    (name) => storage.open(`${base}${folder}/${name}`),
  );
  const artifacts = metadata.artifacts.map(({ name }) => ({
    name,
    open: open(name),
    file: { location: `${storage.location}/${base}${name}`, keyFiles: () => keyFiles.of(fileName(name)) },
  }));
  return { location, metadata, metadataFile, openMetadata, artifacts, folder: { sizes } };
}

/** What dbbackup 1 to 3 wrote is one file, also of a server, and its metadata may be an `.info`. */
function earlierInRepository(storage: Storage, metadataKey: string, metadata: BackupMetadata): FoundBackup {
  const base = metadataKey.slice(0, metadataKey.lastIndexOf("/") + 1);
  const artifacts = metadata.artifacts.map(({ name }) => ({
    name,
    open: () => storage.open(base + name),
    file: fileInRepository(storage, base + name),
  }));
  const key = base + metadata.artifacts[0]!.name;
  return {
    location: `${storage.location}/${key}`,
    metadata,
    metadataFile: fileInRepository(storage, metadataKey),
    openMetadata: () => storage.open(metadataKey),
    artifacts,
    async openSideFile(suffix) {
      return (await storage.stat(key + suffix)) === undefined ? undefined : await storage.open(key + suffix);
    },
  };
}

/** Bytes of the objects below a prefix, by what follows it. */
export async function sizesIn(storage: Storage, prefix: string): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  for await (const { key, size } of storage.list(prefix)) sizes.set(key.slice(prefix.length), size);
  return sizes;
}

/**
 * Reads a metadata file.
 * @param where what to call it in errors
 * @throws BackupError DAMAGED, UNSUPPORTED_FORMAT, IO
 */
export async function loadMetadata(object: OpenedObject, where: string): Promise<BackupMetadata> {
  if (object.size > MAX_METADATA_BYTES) {
    throw new BackupError({
      code: "DAMAGED",
      message: `metadata of ${object.size} bytes is larger than any that is written`,
      object: where,
      hint: "look at the file: it is no metadata of a backup",
    });
  }
  const bytes = Buffer.alloc(object.size);
  const count = await object.readAt(0, bytes);
  return readMetadata(bytes.toString("utf8", 0, count), where);
}
