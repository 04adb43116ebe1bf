import { BackupError } from "../../core/backup-error.ts";
import type { BackupMetadata } from "../../core/metadata/metadata-schema.ts";
import type { GlobalsRestorer, RestorableGlobals } from "../../ports/cluster.ts";
import type { OpenedObject } from "../../ports/storage.ts";
import type { FoundBackup } from "../found-backup.ts";
import { plainObject } from "../plain-object.ts";
import { HashedRead } from "../read-object.ts";
import { clusterOf, databaseOfCluster } from "./cluster-parts.ts";
import { openGlobals } from "./open-globals.ts";
import { PartOfObject } from "./part-of-object.ts";

/** A cluster that can be restored: a backup of one, or a script of the server's own tool. */
export interface RestorableCluster {
  readonly backup: FoundBackup;
  /** What is known of a backup; nothing of a script. */
  readonly metadata: BackupMetadata | undefined;
  readonly globals: RestorableGlobals;
  /** Databases that every server has. */
  readonly alwaysThere: ReadonlySet<string>;
  readonly databases: readonly { readonly name: string }[];
  /** One of these databases as a backup of its own. @throws BackupError DAMAGED, NOT_FOUND, IO */
  openDatabase(name: string): Promise<FoundBackup>;
}

/** @throws BackupError USAGE for the backup of a single database, DAMAGED, FOREIGN_FILE */
export async function restorableCluster(
  backup: FoundBackup,
  restorer: GlobalsRestorer,
  signal: AbortSignal,
): Promise<RestorableCluster> {
  const [artifact, ...others] = backup.artifacts;
  if (backup.metadata === undefined && artifact !== undefined && others.length === 0) {
    return await scriptOfCluster(backup, restorer, signal);
  }
  const cluster = clusterOf(backup);
  const { metadata, databases } = cluster;
  return {
    backup,
    metadata,
    databases,
    globals: await openGlobals(cluster, restorer, signal),
    alwaysThere: restorer.alwaysThere,
    openDatabase: (name) => databaseOfCluster(cluster, databases.find((database) => database.name === name)!),
  };
}

async function scriptOfCluster(
  backup: FoundBackup,
  restorer: GlobalsRestorer,
  signal: AbortSignal,
): Promise<RestorableCluster> {
  const artifact = backup.artifacts[0]!;
  const open = async () => await plainObject(artifact, await artifact.open());
  const object = await open();
  try {
    const read = (part: typeof object) => new HashedRead(part, () => {}, signal).pieces();
    // What is said of the file must not send anybody the wrong way.
    if (restorer.takesScripts === false) await restorer.split(read(object));
    await refuseOthers(object, backup);
    const { globals, databases } = await restorer.split(read(object));
    const end = globals.end ?? object.size;
    const partOf = (name: string) => databases.find((database) => database.name === name)!;
    return {
      backup,
      metadata: undefined,
      databases,
      alwaysThere: restorer.alwaysThere,
      globals: await restorer.open(read(new PartOfObject(object, 0, end))),
      async openDatabase(name) {
        const { start, end: stop } = partOf(name);
        const openPart = async () => new PartOfObject(await open(), start, stop);
        return { location: backup.location, artifacts: [{ name: artifact.name, open: openPart }] };
      },
    };
  } finally {
    await object.close();
  }
}

const lookedAtBytes = 4096;
/** Beginnings of gzip, zstd and lz4 files. */
const compressed = ["1f8b", "28b52ffd", "04224d18"];

/** @throws BackupError USAGE for files that are no script */
async function refuseOthers(object: OpenedObject, backup: FoundBackup): Promise<void> {
  const start = Buffer.alloc(lookedAtBytes);
  const found = start.subarray(0, await object.readAt(0, start));
  if (compressed.some((magic) => found.toString("hex", 0, 4).startsWith(magic))) {
    throw new BackupError({
      code: "USAGE",
      message: "a script of a cluster is read from several places, which a compressed file does not allow",
      object: backup.location,
      hint: "decompress it first (gunzip, unzstd, lz4 -d)",
    });
  }
  // An archive of a single database.
  if (found.includes(0)) clusterOf(backup);
}
