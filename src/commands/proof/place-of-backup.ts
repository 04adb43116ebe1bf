import { METADATA_SUFFIX } from "../../core/backup-name.ts";
import type { FoundBackup } from "../found-backup.ts";

/** Name of the file or folder that a backup is. */
export function nameOf(location: string): string {
  return location.slice(location.lastIndexOf("/") + 1);
}

/** Where it lies: a path, or a URL. */
export function folderOf(location: string): string {
  return location.slice(0, location.lastIndexOf("/") + 1).replace(/(?<=.)\/$/, "");
}

/**
 * Where the records of verifications of a backup lie, and what their names begin with: beside its metadata and as those are called, however
 * the backup was named.
 */
export function placeOfRecords({ location, metadataFile }: FoundBackup): {
  readonly folder: string;
  readonly name: string;
} {
  const metadata = metadataFile?.location;
  const stem = metadata?.endsWith(METADATA_SUFFIX) === true ? metadata.slice(0, -METADATA_SUFFIX.length) : location;
  return { folder: folderOf(stem), name: nameOf(stem) };
}
