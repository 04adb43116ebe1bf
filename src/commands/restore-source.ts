import { BackupError } from "../core/backup-error.ts";
import { isEarlier } from "../core/metadata/earlier-metadata.ts";
import type { RestoreInput } from "../ports/restore.ts";
import { type FoundBackup, type FoundFolder, type HowToOpen, isCluster } from "./found-backup.ts";
import { HashedFiles } from "./hashed-files.ts";
import { HashedObject } from "./hashed-object.ts";
import { plainObject } from "./plain-object.ts";

/** The stored bytes of a backup that is about to be restored. */
export interface RestoreSource extends AsyncDisposable {
  readonly input: RestoreInput;
  /**
   * Whether the bytes that were used, and the rest, are those that the metadata recorded. Answers what is not, for
   * people: nothing when all is well.
   */
  changedBytes(signal: AbortSignal): Promise<readonly string[]>;
  /** Of a folder: whether one of its files is among them, after `changedBytes`. */
  isChanged(file: string): boolean;
}

/**
 * Opens a backup. What its metadata says of sizes is compared before anything else is done, and hashes are computed while
 * the bytes are read.
 * @param how one that is salvaged may have other sizes than its metadata says
 * @throws BackupError DAMAGED, UNSUPPORTED_FORMAT, NOT_FOUND, IO; USAGE for a cluster's
 */
export async function openSource(found: FoundBackup, how: HowToOpen = {}): Promise<RestoreSource> {
  refuseCluster(found);
  return found.folder === undefined ? await openFile(found, how) : await openFolder(found, found.folder, how);
}

/** @throws BackupError USAGE for a backup that holds more than one database */
export function refuseCluster({ metadata, location }: FoundBackup): void {
  if (!isCluster(metadata)) return;
  throw new BackupError({
    code: "USAGE",
    message: "the backup is that of a whole cluster, not of one database",
    object: location,
    hint: isEarlier(metadata)
      ? 'use "dbbackup restore cluster", with --database for one of its databases'
      : `use "dbbackup restore cluster", or name one of the archives in ${location}`,
  });
}

async function openFile(found: FoundBackup, how: HowToOpen): Promise<RestoreSource> {
  const artifact = onlyArtifact(found);
  const opened = await artifact.open();
  const expected = found.metadata?.artifacts[0];
  const hashed = expected?.sha256 === undefined ? undefined : new HashedObject(opened);
  const stored = hashed ?? opened;
  if (expected !== undefined && expected.size !== stored.size && how.isSalvaged !== true) {
    await stored.close();
    throw wrongSize(found, `the file has ${stored.size} bytes, and its metadata says ${expected.size}`);
  }
  const object = await plainObject(artifact, stored, how);
  return {
    input: { kind: "object", object },
    async changedBytes() {
      if (hashed === undefined || (await hashed.finish()) === expected?.sha256) return [];
      return ["its SHA-256 differs"];
    },
    isChanged: () => false,
    [Symbol.asyncDispose]: () => object.close(),
  };
}

async function openFolder(found: FoundBackup, folder: FoundFolder, how: HowToOpen): Promise<RestoreSource> {
  const files = new HashedFiles(found, await folder.sizes(), () => {}, how);
  const [first, ...others] = files.changed;
  if (first !== undefined && how.isSalvaged !== true) {
    const more = others.length === 0 ? "" : `, and ${others.length} more`;
    throw wrongSize(found, `the backup is not whole (${first.name}: ${first.message}${more})`);
  }
  return {
    input: { kind: "folder", files },
    async changedBytes(signal) {
      await files.finish(signal);
      return files.changed.map(({ name, message }) => `${name}: ${message}`);
    },
    isChanged: (file) => files.changed.some(({ name }) => name === files.artifactOf(file)),
    // Its files are open only while they are read.
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function onlyArtifact(found: FoundBackup): FoundBackup["artifacts"][number] {
  const [artifact, ...others] = found.artifacts;
  if (artifact !== undefined && others.length === 0) return artifact;
  throw new BackupError({
    code: "UNSUPPORTED_FORMAT",
    message: `the backup has ${found.artifacts.length} artifacts, and this program restores backups of one`,
    object: found.location,
    hint: "use the version of dbbackup that made it, or a newer one",
  });
}

function wrongSize(found: FoundBackup, message: string): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message,
    object: found.location,
    hint: "nothing was touched; restore from another copy, or see what dbbackup verify says",
  });
}
