import { BackupError } from "../../core/backup-error.ts";
import { METADATA_SUFFIX } from "../../core/backup-name.ts";
import { withoutSuffix } from "../../core/encrypted-file.ts";
import { isEarlier } from "../../core/metadata/earlier-metadata.ts";
import type { BackupMetadata } from "../../core/metadata/metadata-schema.ts";
import { type FoundArtifact, type FoundBackup, fileName, isCluster, loadMetadata } from "../found-backup.ts";

export type ClusterDatabase = NonNullable<BackupMetadata["databases"]>[number];

/** A cluster's backup, and what lies in it. */
export interface FoundCluster {
  readonly backup: FoundBackup;
  readonly metadata: BackupMetadata;
  readonly globals: FoundArtifact;
  readonly databases: readonly ClusterDatabase[];
  /** Of all its files, listed once. */
  sizes(): Promise<ReadonlyMap<string, number>>;
}

/** @throws BackupError USAGE for the backup of a single database, DAMAGED when the metadata names no globals */
export function clusterOf(backup: FoundBackup): FoundCluster {
  const { metadata } = backup;
  if (metadata === undefined || !isCluster(metadata)) {
    throw new BackupError({
      code: "USAGE",
      message: "the backup is not that of a cluster",
      object: backup.location,
      hint: 'use "dbbackup restore single"',
    });
  }
  if (isEarlier(metadata)) {
    throw new BackupError({
      code: "USAGE",
      message: "an earlier version of dbbackup wrote the backup of the cluster, as one archive",
      object: backup.location,
      hint: 'only "dbbackup verify" without --restore, and "dbbackup restore cluster" read it',
    });
  }
  const globals = artifactNamed(backup, metadata.globals?.artifact ?? "");
  let listed: Promise<ReadonlyMap<string, number>> | undefined;
  const sizes = (): Promise<ReadonlyMap<string, number>> => {
    listed ??= backup.folder?.sizes() ?? Promise.resolve(new Map());
    return listed;
  };
  return { backup, metadata, globals, databases: metadata.databases ?? [], sizes };
}

/**
 * One database of a cluster's backup, as a backup of its own.
 * @throws BackupError DAMAGED when its metadata is not the one that the cluster's names, NOT_FOUND, IO
 */
export async function databaseOfCluster(
  { backup, sizes }: FoundCluster,
  { id, artifact }: ClusterDatabase,
): Promise<FoundBackup & { readonly metadata: BackupMetadata }> {
  const location = `${backup.location}/${fileName(artifact)}`;
  const described = artifactNamed(backup, metadataOfArtifact(artifact));
  const object = await described.open();
  try {
    const metadata = await loadMetadata(object, `${location}${METADATA_SUFFIX}`);
    const isFile = backup.artifacts.some(({ name }) => name === artifact);
    const prefix = isFile ? "" : `${fileName(artifact)}.`;
    const isOwn = metadata.artifacts.every(({ name }) => fileName(name).startsWith(prefix));
    if (metadata.id === id && isOwn && (!isFile || metadata.artifacts.length === 1)) {
      const folder = artifact.slice(0, -fileName(artifact).length);
      const names = isFile ? [artifact] : metadata.artifacts.map(({ name }) => folder + fileName(name));
      const place = {
        ...(described.file === undefined ? {} : { metadataFile: described.file }),
        ...(isFile ? {} : { folder: { sizes, prefix } }),
      };
      const artifacts = names.map((name) => artifactNamed(backup, name));
      return await openInner(backup, { location, metadata, ...place, artifacts });
    }
  } finally {
    await object.close();
  }
  throw damaged(location, "the metadata is that of another backup");
}

/** Name of the metadata of a database, of the name of its archive. */
export function metadataOfArtifact(artifact: string): string {
  return `${withoutSuffix(artifact)}${METADATA_SUFFIX}`;
}

async function openInner(
  cluster: FoundBackup,
  inner: FoundBackup & { readonly metadata: BackupMetadata },
): Promise<FoundBackup & { readonly metadata: BackupMetadata }> {
  if (cluster.openInner === undefined) return inner;
  if (inner.metadata.sealed === undefined) {
    throw damaged(inner.location, "the backup of the cluster is encrypted, and the metadata of this database is not");
  }
  const opened = await cluster.openInner(inner);
  return { ...opened, metadata: opened.metadata ?? inner.metadata };
}

function artifactNamed(backup: FoundBackup, name: string): FoundArtifact {
  const artifact = backup.artifacts.find((candidate) => candidate.name === name);
  if (artifact !== undefined) return artifact;
  throw damaged(backup.location, `the metadata of the cluster does not list "${name}" among its artifacts`);
}

function damaged(object: string, message: string): BackupError {
  return new BackupError({ code: "DAMAGED", message, object, hint: "restore it from a copy of the repository" });
}
