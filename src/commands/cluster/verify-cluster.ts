import { BackupError } from "../../core/backup-error.ts";
import type { ArtifactMetadata } from "../../core/metadata/metadata-schema.ts";
import { type FoundArtifact, type FoundBackup, fileName } from "../found-backup.ts";
import { HashedRead } from "../read-object.ts";
import { ReadProgress } from "../read-progress.ts";
import { joinSurveys, type SurveyedDatabase } from "../survey-backup.ts";
import {
  openingDamage,
  type VerifiedBackup,
  type VerifyOptions,
  type VerifyPorts,
  verifyArtifact,
  verifyBackup,
} from "../verify-backup.ts";
import { type Damage, damageCodes } from "../verify-folder.ts";
import {
  type ClusterDatabase,
  clusterOf,
  databaseOfCluster,
  type FoundCluster,
  metadataOfArtifact,
} from "./cluster-parts.ts";

/** Checks a cluster's backup: its globals, and each database with its own metadata. */
export async function verifyCluster(
  backup: FoundBackup,
  ports: VerifyPorts,
  signal: AbortSignal,
  options: VerifyOptions = {},
): Promise<VerifiedBackup> {
  const began = ports.clock.monotonic();
  const cluster = clusterOf(backup);
  const { metadata, globals, databases } = cluster;
  const damage: Damage[] = [];
  const notes: string[] = (metadata.failed_databases ?? []).map(
    ({ name, message }) => `database "${name}" is not in the backup: ${message}`,
  );
  const progress = new ReadProgress(ports.progress, "verify", `verifying ${fileName(globals.name)}`, undefined);
  const record = recordOf(cluster, globals.name);
  // Small, and read whole however quick the look is.
  const script = await verifyArtifact(globals, record, ports.checker, progress, {}, signal);
  progress.end();
  damage.push(...script.damage);
  const surveyed: SurveyedDatabase[] = [];
  let size = script.size;
  let whole = 0;
  for (const database of databases) {
    const found = await verifyDatabase(cluster, database, ports, signal, options);
    damage.push(...found.damage);
    notes.push(...found.notes.map((note) => `database "${database.name}": ${note}`));
    size += found.storedBytes;
    surveyed.push({ name: database.name, tables: found.contents?.tables.length ?? 0, survey: found.survey });
    if (found.damage.length === 0) whole++;
  }
  damage.push(...openingDamage(backup));
  const durationSeconds = (ports.clock.monotonic() - began) / 1000;
  const survey = joinSurveys(surveyed);
  return {
    location: backup.location,
    metadata,
    storedBytes: size,
    databases: whole,
    damage,
    ...(survey === undefined ? {} : { survey }),
    notes,
    durationSeconds,
  };
}

/** The metadata of a database says what its archive must be; that of the cluster says what both must be. */
async function verifyDatabase(
  cluster: FoundCluster,
  database: ClusterDatabase,
  ports: VerifyPorts,
  signal: AbortSignal,
  options: VerifyOptions,
): Promise<Pick<VerifiedBackup, "damage" | "notes" | "storedBytes" | "survey" | "contents">> {
  const { artifact } = database;
  const described = metadataOfArtifact(artifact);
  try {
    const metadata = await storedBytes(artifactOf(cluster, described), signal);
    const damage = differences(described, recordOf(cluster, described), metadata);
    const backup = await databaseOfCluster(cluster, database);
    for (const [place, { name }] of backup.artifacts.entries()) {
      const own = backup.metadata.artifacts[place]!;
      const record = recordOf(cluster, name);
      damage.push(...differences(name, record, { size: own.size, sha256: own.sha256 ?? record.sha256! }));
    }
    const found = await verifyBackup(backup, ports, signal, options);
    damage.push(...found.damage.map(({ object, message }) => ({ object: named(database, object), message })));
    return { ...found, damage, storedBytes: metadata.size + found.storedBytes };
  } catch (error) {
    if (!(error instanceof BackupError) || !(damageCodes.has(error.code) || error.code === "NOT_FOUND")) throw error;
    return { damage: [{ object: error.object ?? artifact, message: error.message }], notes: [], storedBytes: 0 };
  }
}

async function storedBytes(artifact: FoundArtifact, signal: AbortSignal): Promise<{ size: number; sha256: string }> {
  const object = await artifact.open();
  try {
    return { size: object.size, sha256: await new HashedRead(object, () => {}, signal).finish() };
  } finally {
    await object.close();
  }
}

function named({ name, artifact }: ClusterDatabase, object: string): string {
  return object === fileName(artifact) || object === artifact ? artifact : `${name}: ${object}`;
}

function artifactOf({ backup }: FoundCluster, name: string): FoundArtifact {
  const artifact = backup.artifacts.find((candidate) => candidate.name === name);
  if (artifact !== undefined) return artifact;
  throw new BackupError({
    code: "DAMAGED",
    message: "the metadata of the cluster does not list it among its artifacts",
    object: name,
    hint: "restore the backup from a copy of the repository",
  });
}

function recordOf({ metadata }: FoundCluster, name: string): ArtifactMetadata {
  return metadata.artifacts.find((artifact) => artifact.name === name)!;
}

function differences(
  object: string,
  recorded: { readonly size: number; readonly sha256?: string | undefined },
  found: { readonly size: number; readonly sha256: string },
): Damage[] {
  if (found.size !== recorded.size) {
    return [{ object, message: `it has ${found.size} bytes instead of ${recorded.size}` }];
  }
  if (recorded.sha256 === undefined || recorded.sha256 === found.sha256) return [];
  return [{ object, message: `its bytes have the SHA-256 ${found.sha256} instead of ${recorded.sha256}` }];
}
