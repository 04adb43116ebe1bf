import { BackupError } from "../core/backup-error.ts";
import { EARLIER_INFO_SUFFIX, METADATA_SUFFIX } from "../core/backup-name.ts";
import { withoutSuffix } from "../core/encrypted-file.ts";
import { isEarlier } from "../core/metadata/earlier-metadata.ts";
import type { BackupMetadata } from "../core/metadata/metadata-schema.ts";
import { isStorageUrl, parseBackupUrl } from "../core/storage-url.ts";
import type { LocateFile, NamedFile, NamedFolder } from "../ports/named-file.ts";
import type { OpenedObject, Storage } from "../ports/storage.ts";
import { withEarlierHashFile } from "./earlier/hash-file.ts";
import { fileInRepository, KeyFilesOfFolder, namedStoredFile } from "./encryption/key-files.ts";
import { openEncrypted, type Unlocking } from "./encryption/open-encrypted.ts";
import {
  backupInRepository,
  type FoundArtifact,
  type FoundBackup,
  fileName,
  folderOf,
  isCluster,
  isPartial,
  loadMetadata,
} from "./found-backup.ts";
import { type ListedBackup, listBackups } from "./list-backups.ts";

const LATEST = "latest:";
/** Shorter beginnings of an id are more likely a mistake: the first digits are the time, and the same for weeks. */
const MIN_ID_DIGITS = 4;
const MAX_CANDIDATES = 10;
const hintList = 'run "dbbackup list" for what there is';

export interface FindPorts {
  readonly locateFile: LocateFile;
  /** @param url without one, the repository that the user chose */
  openRepository(url?: string): Promise<Storage>;
  /** How encrypted backups are opened; without it they are found as they are, with what everybody may read of their metadata. */
  readonly unlocking?: Unlocking;
}

/**
 * The backup that the user means: a path or URL of an artifact, of a folder of artifacts, or of metadata; else, in the repository,
 * `latest:DB`, an id or the beginning of one, or an artifact's name.
 * @throws BackupError NOT_FOUND, USAGE when several are meant, DAMAGED when the metadata beside a path is.
 */
export async function findBackup(argument: string, ports: FindPorts, signal: AbortSignal): Promise<FoundBackup> {
  const found = await withEarlierHashFile(await findStored(argument, ports, signal));
  return ports.unlocking === undefined ? found : await openEncrypted(found, ports.unlocking);
}

async function findStored(argument: string, ports: FindPorts, signal: AbortSignal): Promise<FoundBackup> {
  if (argument === "") throw new BackupError({ code: "USAGE", message: "a backup has no empty name", hint: hintList });
  if (argument.startsWith(LATEST)) {
    const repository = await ports.openRepository();
    return latestOf(argument.slice(LATEST.length), (await listBackups(repository, signal)).backups, repository);
  }
  if (isStorageUrl(argument)) return await backupAtUrl(argument, ports, signal);
  const file = await ports.locateFile(argument);
  if (file?.kind === "folder") return await backupOfFolder(file);
  if (file !== undefined) return await backupOfFile(file);
  if (/[/\\]/.test(argument)) {
    throw new BackupError({ code: "NOT_FOUND", message: `there is no file "${argument}"`, hint: "check the path" });
  }
  const repository = await ports.openRepository();
  return namedBy(argument, (await listBackups(repository, signal)).backups, repository);
}

/** In a bucket nothing but its metadata tells a backup: what the URL names must have some, or be a file by itself. */
async function backupAtUrl(url: string, ports: FindPorts, signal: AbortSignal): Promise<FoundBackup> {
  const { repository, name } = parseBackupUrl(url);
  if (name === "") {
    throw new BackupError({
      code: "USAGE",
      message: "the URL names a repository, and no backup in it",
      object: url.replace(/\?.*/s, ""),
      hint: "give the repository with --repo, and the backup by its id or as latest:DB",
    });
  }
  const storage = await ports.openRepository(repository);
  if (name.startsWith(LATEST)) {
    return latestOf(name.slice(LATEST.length), (await listBackups(storage, signal)).backups, storage);
  }
  for (const key of metadataKeys(name)) {
    if ((await storage.stat(key)) === undefined) continue;
    const object = await storage.open(key);
    try {
      return backupInRepository(storage, key, await loadMetadata(object, `${storage.location}/${key}`));
    } finally {
      await object.close();
    }
  }
  if ((await storage.stat(name)) !== undefined) {
    const location = `${storage.location}/${name}`;
    return { location, artifacts: [{ name, open: () => storage.open(name), file: fileInRepository(storage, name) }] };
  }
  return namedBy(name, (await listBackups(storage, signal)).backups, storage);
}

/** Where the metadata of what has this name may lie. */
function metadataKeys(name: string): readonly string[] {
  if (name.endsWith(METADATA_SUFFIX)) return [name];
  const ours = [...new Set([name, withoutSuffix(name)])].map((stem) => `${stem}${METADATA_SUFFIX}`);
  return [...ours, `${name}${EARLIER_INFO_SUFFIX}`];
}

async function backupOfFile(file: NamedFile): Promise<FoundBackup> {
  if (file.name.endsWith(METADATA_SUFFIX)) {
    const metadata = await metadataIn(file);
    const folder = folderOf(metadata, file.path);
    const found = folder === undefined ? undefined : await file.beside(folder);
    if (found?.kind === "folder") return await describedFolder(found, metadata, file);
    const artifacts = metadata.artifacts.map(({ name }) => artifactBeside(file, name));
    const location = file.path.slice(0, -METADATA_SUFFIX.length);
    const [{ name }] = artifacts as [FoundArtifact];
    const sides = isEarlier(metadata) ? { openSideFile: (suffix: string) => openSideFile(file, name, suffix) } : {};
    return { location, metadata, ...storedMetadata(file), artifacts, ...sides };
  }
  const beside = await metadataBeside(file);
  const itself = { name: file.name, open: () => file.open(), file: namedStoredFile(file) };
  if (beside === undefined) return { location: file.path, artifacts: [itself] };
  const metadata = await metadataIn(beside);
  // Both may have been renamed together: the file that lies beside the metadata under its name is what is meant.
  const [first, ...others] = metadata.artifacts;
  const rest = others.map(({ name }) => artifactBeside(file, name));
  const artifacts = [{ ...itself, name: first!.name }, ...rest];
  const sides = isEarlier(metadata) ? { openSideFile: (suffix: string) => openSideFile(file, file.name, suffix) } : {};
  return { location: file.path, metadata, ...storedMetadata(beside), artifacts, ...sides };
}

/**
 * A folder is a backup when there is metadata beside it, a table of contents in it (as pg_dump -Fd writes it), an index
 * (as ours of MySQL and MariaDB have), or what mydumper writes into its folders.
 */
async function backupOfFolder(folder: NamedFolder): Promise<FoundBackup> {
  const beside = await metadataBeside(folder);
  if (beside !== undefined) return await describedFolder(folder, await metadataIn(beside), beside);
  const files = await folder.files();
  const names = [...files.sizes.keys()].toSorted();
  if (!names.some((name) => /^(?:toc\.dat(\.[a-z0-9]+)?|index\.json)$/.test(name)) && !isOfMydumper(names)) {
    throw new BackupError({
      code: "FOREIGN_FILE",
      message: `"${folder.path}" is a folder, and no backup`,
      object: folder.path,
      hint: "name a backup in it; a repository is given with --repo",
    });
  }
  const artifacts = names.map((name) => ({ name, open: () => files.open(name) }));
  return { location: folder.path, artifacts, folder: { sizes: async () => files.sizes } };
}

/** As mydumper writes it, or begins to. */
function isOfMydumper(names: readonly string[]): boolean {
  return names.some((name) => /^metadata(?:\.partial)?$/.test(name)) && names.some((name) => name.includes(".sql"));
}

/** Folder and metadata may have been renamed together: only the names of the files in it count. */
async function describedFolder(
  folder: NamedFolder,
  metadata: BackupMetadata,
  described: NamedFile,
): Promise<FoundBackup> {
  if (folderOf(metadata, folder.path) === undefined) {
    throw new BackupError({
      code: "DAMAGED",
      message: "the metadata beside the folder is not that of a folder",
      object: folder.path,
      hint: "name the backup that is meant by its file",
    });
  }
  const files = await folder.files();
  const keyFiles = new KeyFilesOfFolder(async () => files.sizes.keys(), files.open);
  const artifacts = metadata.artifacts.map(({ name }) => ({
    name,
    open: () => files.open(fileName(name)),
    file: { location: `${folder.path}/${fileName(name)}`, keyFiles: () => keyFiles.of(fileName(name)) },
  }));
  const found = { location: folder.path, metadata, ...storedMetadata(described), artifacts };
  return { ...found, folder: { sizes: async () => files.sizes } };
}

async function metadataBeside(named: NamedFile | NamedFolder): Promise<NamedFile | undefined> {
  const { name } = named;
  // An encrypted file in a repository is called as its metadata, and one word more.
  const beside =
    (await named.beside(`${name}${METADATA_SUFFIX}`)) ??
    (await named.beside(`${withoutSuffix(name)}${METADATA_SUFFIX}`)) ??
    (named.kind === "file" ? await named.beside(`${name}${EARLIER_INFO_SUFFIX}`) : undefined);
  return beside?.kind === "file" ? beside : undefined;
}

async function openSideFile(file: NamedFile, name: string, suffix: string): Promise<OpenedObject | undefined> {
  const found = await file.beside(`${name}${suffix}`);
  return found?.kind === "file" ? await found.open() : undefined;
}

function storedMetadata(file: NamedFile): Pick<FoundBackup, "metadataFile" | "openMetadata"> {
  return { metadataFile: namedStoredFile(file), openMetadata: () => file.open() };
}

async function metadataIn(file: NamedFile): Promise<BackupMetadata> {
  const object = await file.open();
  try {
    return await loadMetadata(object, file.path);
  } finally {
    await object.close();
  }
}

function artifactBeside(file: NamedFile, name: string): FoundArtifact {
  const location = `${file.path.slice(0, -file.name.length)}${name}`;
  const keyFiles = async () => {
    const found = await file.beside(name);
    return found?.kind === "file" ? await namedStoredFile(found).keyFiles() : [];
  };
  return { name, open: () => openBeside(file, name), file: { location, keyFiles } };
}

async function openBeside(file: NamedFile, name: string): Promise<OpenedObject> {
  const found = await file.beside(name);
  if (found?.kind === "file") return await found.open();
  throw new BackupError({
    code: "NOT_FOUND",
    message: `"${name}" is missing`,
    object: file.path,
    hint: "the metadata names it; it must lie beside it",
  });
}

/** Never a guess: where a part, a whole database and a cluster of that name could be meant, the user says which. */
function latestOf(name: string, backups: readonly ListedBackup[], repository: Storage): FoundBackup {
  const named = backups.filter(({ metadata }) => metadata.database === name);
  const last = named.at(-1);
  if (last === undefined) {
    throw new BackupError({
      code: "NOT_FOUND",
      message: `there is no backup of database "${name}"`,
      object: repository.location,
      hint: hintList,
    });
  }
  const other = named.findLast(({ metadata }) => isCluster(metadata) !== isCluster(last.metadata));
  if (other !== undefined) throw ambiguous(`"${name}" is a database, and the name of backups of clusters`, other, last);
  const whole = named.findLast(({ metadata }) => !isPartial(metadata));
  if (whole !== undefined && whole !== last) {
    throw ambiguous(`the latest backup of "${name}" holds a part of it only`, whole, last);
  }
  return last.backup;
}

function ambiguous(message: string, ...candidates: readonly ListedBackup[]): BackupError {
  return new BackupError({
    code: "USAGE",
    message,
    details: candidates.map(candidateLine),
    hint: "name the one that is meant by its id",
  });
}

function candidateLine({ metadata }: ListedBackup): string {
  const what = isCluster(metadata) ? "cluster" : `database "${metadata.database}"`;
  const { partial = [], sample } = metadata;
  return `${metadata.id} ${metadata.timestamp} ${what}${isPartial(metadata) ? `, ${sample === undefined ? "a part" : "a sample"}: ${partial.join(" ")}` : ""}`;
}

function namedBy(name: string, backups: readonly ListedBackup[], repository: Storage): FoundBackup {
  const exact = backups.filter(({ metadata }) => metadata.id === name || isCalled(metadata, name));
  const mayBePrefix = exact.length === 0 && name.length >= MIN_ID_DIGITS;
  const found = mayBePrefix ? backups.filter(({ metadata }) => metadata.id.startsWith(name)) : exact;
  if (found.length === 1) return found[0]!.backup;
  if (found.length > 1) {
    throw new BackupError({
      code: "USAGE",
      message: `"${name}" is the beginning of ${found.length} ids`,
      object: repository.location,
      details: found.slice(0, MAX_CANDIDATES).map(candidateLine),
      hint: "give more digits of the one that is meant",
    });
  }
  throw new BackupError({
    code: "NOT_FOUND",
    message: `there is no file and no backup "${name}"`,
    object: repository.location,
    hint: hintList,
  });
}

function isCalled({ artifacts, backup_file }: BackupMetadata, name: string): boolean {
  return artifacts[0]!.name === name || backup_file === name;
}
