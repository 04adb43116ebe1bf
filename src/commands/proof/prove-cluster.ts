import { BackupError } from "../../core/backup-error.ts";
import { typeOfBackup } from "../../core/database-type.ts";
import { clusterOf, databaseOfCluster, type FoundCluster } from "../cluster/cluster-parts.ts";
import { verifyCluster } from "../cluster/verify-cluster.ts";
import type { FoundBackup } from "../found-backup.ts";
import { damageCodes } from "../verify-folder.ts";
import { majorOf } from "./promised-contents.ts";
import type { ProofRequest } from "./proof-request.ts";
import { openProofServer } from "./proof-server.ts";
import { type ProofPorts, type ProvenBackup, proveBackup } from "./prove-backup.ts";
import { refusePlainScratch } from "./refuse-unprovable.ts";

/**
 * Checks what is stored of a cluster's backup, and restores one of its databases after another on trial, all on one
 * server. Of the globals only the roles and tablespaces are made that the databases need.
 * @throws BackupError as {@link proveBackup}; USAGE for checks, which are of one database
 */
export async function proveCluster(
  found: FoundBackup,
  request: ProofRequest,
  ports: ProofPorts,
  signal: AbortSignal,
): Promise<ProvenBackup> {
  if (request.checks.length > 0) throw checksOfCluster(found);
  const startedAt = ports.clock.now();
  const began = ports.clock.monotonic();
  refusePlainScratch(found, request);
  const stored = await verifyCluster(found, ports, signal);
  const cluster = clusterOf(found);
  const sum = new ProofSum();
  sum.phase("stored", stored.durationSeconds);
  sum.damage.push(...stored.damage);
  sum.notes.push(...stored.notes);
  const startsAt = ports.clock.monotonic();
  const major = majorOf(cluster.metadata.database_version ?? "");
  await using server = await openProofServer(
    request,
    { databaseType: typeOfBackup(cluster.metadata.database_type), major },
    ports.startThrowawayServer,
    signal,
  );
  sum.phase("server", (ports.clock.monotonic() - startsAt) / 1000);
  for (const { name } of cluster.databases) {
    const database = await databaseNamed(cluster, name);
    // What is wrong with its metadata was told by the check of what is stored.
    if (database !== undefined) sum.add(name, await proveBackup(database, request, ports, signal, server));
  }
  return {
    ...sum.result(),
    location: found.location,
    metadata: cluster.metadata,
    startedAt,
    durationSeconds: Math.round(ports.clock.monotonic() - began) / 1000,
  };
}

async function databaseNamed(cluster: FoundCluster, name: string): Promise<FoundBackup | undefined> {
  try {
    return await databaseOfCluster(cluster, cluster.databases.find((one) => one.name === name)!);
  } catch (error) {
    const isOfBackup = error instanceof BackupError && (damageCodes.has(error.code) || error.code === "NOT_FOUND");
    if (!isOfBackup) throw error;
    return undefined;
  }
}

function checksOfCluster({ location }: FoundBackup): BackupError {
  return new BackupError({
    code: "USAGE",
    message: "--check is a query of one database, and the backup is that of a whole cluster",
    object: location,
    hint: "name the archive of that database in it, or leave --check out",
  });
}

/** What the proofs of several databases come to. */
class ProofSum {
  readonly damage: { object: string; message: string }[] = [];
  readonly notes: string[] = [];
  readonly #phases = new Map<string, number>();
  readonly #counts: Record<string, number> = {};
  #server: ProvenBackup["server"] = { isOurs: true, version: undefined };
  #recoverySeconds = 0;

  phase(name: string, seconds: number): void {
    this.#phases.set(name, (this.#phases.get(name) ?? 0) + seconds);
  }

  add(database: string, proven: ProvenBackup): void {
    this.#server = proven.server;
    this.#recoverySeconds += proven.recoverySeconds ?? 0;
    for (const { phase, seconds } of proven.phases) this.phase(phase, seconds);
    for (const [name, count] of Object.entries(proven.counts)) {
      this.#counts[name] = (this.#counts[name] ?? 0) + count;
    }
    this.damage.push(...proven.damage.map(({ object, message }) => ({ object: `${database}: ${object}`, message })));
    this.notes.push(...proven.notes.map((note) => `database "${database}": ${note}`));
  }

  result(): Omit<ProvenBackup, "location" | "metadata" | "startedAt" | "durationSeconds"> {
    return {
      server: this.#server,
      recoverySeconds: this.#recoverySeconds,
      phases: Array.from(this.#phases, ([phase, seconds]) => ({ phase, seconds: Math.round(seconds * 1000) / 1000 })),
      counts: this.#counts,
      damage: this.damage,
      notes: this.notes,
      checks: [],
    };
  }
}
