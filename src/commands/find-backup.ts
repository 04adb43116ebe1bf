import { BackupError } from "../core/backup-error.ts";
import { METADATA_SUFFIX } from "../core/backup-name.ts";
import type { BackupMetadata } from "../core/metadata/metadata-schema.ts";
import type { LocateFile, NamedFile } from "../ports/named-file.ts";
import type { OpenedObject, Storage } from "../ports/storage.ts";
import { type FoundBackup, loadMetadata } from "./found-backup.ts";
import { type ListedBackup, listBackups } from "./list-backups.ts";

const LATEST = "latest:";
/** Shorter beginnings of an id are more likely a mistake: the first digits are the time, and the same for weeks. */
const MIN_ID_DIGITS = 4;
const MAX_CANDIDATES = 10;
const hintList = 'run "dbbackup list" for what there is';

export interface FindPorts {
  readonly locateFile: LocateFile;
  openRepository(): Promise<Storage>;
}

/**
 * The backup that the user means: a path of an artifact or its metadata; else, in the repository, `latest:DB`, an id or
 * the beginning of one, or an artifact's name.
 * @throws BackupError NOT_FOUND, USAGE when several are meant, DAMAGED when the metadata beside a path is.
 */
export async function findBackup(argument: string, ports: FindPorts, signal: AbortSignal): Promise<FoundBackup> {
  if (argument === "") throw new BackupError({ code: "USAGE", message: "a backup has no empty name", hint: hintList });
  if (argument.startsWith(LATEST)) {
    const repository = await ports.openRepository();
    return latestOf(argument.slice(LATEST.length), (await listBackups(repository, signal)).backups, repository);
  }
  const file = await ports.locateFile(argument);
  if (file === "folder") {
    throw new BackupError({
      code: "FOREIGN_FILE",
      message: `"${argument}" is a folder, and no backup`,
      object: argument,
      hint: "name a file in it; a repository is given with --repo",
    });
  }
  if (file !== undefined) return await backupOfFile(file);
  if (/[/\\]/.test(argument)) {
    throw new BackupError({ code: "NOT_FOUND", message: `there is no file "${argument}"`, hint: "check the path" });
  }
  const repository = await ports.openRepository();
  return namedBy(argument, (await listBackups(repository, signal)).backups, repository);
}

async function backupOfFile(file: NamedFile): Promise<FoundBackup> {
  if (file.name.endsWith(METADATA_SUFFIX)) {
    const metadata = await metadataIn(file);
    const artifacts = metadata.artifacts.map(({ name }) => ({ name, open: () => openBeside(file, name) }));
    return { location: file.path.slice(0, -METADATA_SUFFIX.length), metadata, artifacts };
  }
  const beside = await file.beside(`${file.name}${METADATA_SUFFIX}`);
  const itself = { name: file.name, open: () => file.open() };
  if (beside === undefined) return { location: file.path, artifacts: [itself] };
  const metadata = await metadataIn(beside);
  // Both may have been renamed together: the file that lies beside the metadata under its name is what is meant.
  const [first, ...others] = metadata.artifacts;
  const rest = others.map(({ name }) => ({ name, open: () => openBeside(file, name) }));
  return { location: file.path, metadata, artifacts: [{ ...itself, name: first!.name }, ...rest] };
}

async function metadataIn(file: NamedFile): Promise<BackupMetadata> {
  const object = await file.open();
  try {
    return await loadMetadata(object, file.path);
  } finally {
    await object.close();
  }
}

async function openBeside(file: NamedFile, name: string): Promise<OpenedObject> {
  const found = await file.beside(name);
  if (found !== undefined) return await found.open();
  throw new BackupError({
    code: "NOT_FOUND",
    message: `"${name}" is missing`,
    object: file.path,
    hint: "the metadata names it; it must lie beside it",
  });
}

function latestOf(database: string, backups: readonly ListedBackup[], repository: Storage): FoundBackup {
  const last = backups.findLast(({ metadata }) => metadata.database === database);
  if (last !== undefined) return last.backup;
  throw new BackupError({
    code: "NOT_FOUND",
    message: `there is no backup of database "${database}"`,
    object: repository.location,
    hint: hintList,
  });
}

function namedBy(name: string, backups: readonly ListedBackup[], repository: Storage): FoundBackup {
  const exact = backups.filter(({ metadata }) => metadata.id === name || metadata.artifacts[0]!.name === name);
  const mayBePrefix = exact.length === 0 && name.length >= MIN_ID_DIGITS;
  const found = mayBePrefix ? backups.filter(({ metadata }) => metadata.id.startsWith(name)) : exact;
  if (found.length === 1) return found[0]!.backup;
  if (found.length > 1) {
    throw new BackupError({
      code: "USAGE",
      message: `"${name}" is the beginning of ${found.length} ids`,
      object: repository.location,
      details: found
        .slice(0, MAX_CANDIDATES)
        .map(({ metadata: { id, database, timestamp } }) => `${id} ${timestamp} ${database}`),
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
