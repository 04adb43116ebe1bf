import { BackupError } from "../../core/backup-error.ts";
import {
  type EngineFamily,
  familyOf,
  familyOfConnection,
  shownFamily,
  typeOfBackup,
} from "../../core/database-type.ts";
import type { GlobalsRequest, GlobalsRestorer, GlobalsResult } from "../../ports/cluster.ts";
import type { EarlierArchives } from "../../ports/earlier-archives.ts";
import { type Finding, maxListedFailures, type RestoreRequest, type RestoreResult } from "../../ports/restore.ts";
import type { OpenedObject } from "../../ports/storage.ts";
import { isOfEarlierCluster, restorableEarlierCluster } from "../earlier/restorable-earlier-cluster.ts";
import { findBackup } from "../find-backup.ts";
import type { FoundArtifact, FoundBackup } from "../found-backup.ts";
import { plainObject } from "../plain-object.ts";
import { type RestorePorts, refuseErrors, restoreFound } from "../restore-single.ts";
import { checkCluster, requireClusterConfirmation } from "./check-cluster.ts";
import { type RestorableCluster, restorableCluster } from "./restorable-cluster.ts";
import { restoreOf } from "./restore-of-database.ts";

/** How each database is restored; what differs between them is added. */
export type DatabaseRestore = Omit<RestoreRequest, "target" | "create" | "isThere" | "expectedRows" | "plainBytes">;

export interface RestoreClusterRequest {
  /** A path, an id or its beginning, `latest:cluster`. */
  readonly backup: string;
  readonly globals: GlobalsRequest;
  /** Undefined: none. Patterns as psql has them; no wanted ones: all of the backup. */
  readonly databases: { readonly wanted: readonly string[]; readonly excluded: readonly string[] } | undefined;
  readonly restore: DatabaseRestore;
  readonly dryRun: boolean;
  /** Read and check each archive once before its database is touched. */
  readonly verifyFirst: boolean;
}

export interface RestoreClusterPorts
  extends Omit<RestorePorts, "standardInput" | "readTextFile" | "openOutput" | "locateOutput"> {
  openGlobalsRestorer(family: EngineFamily): Promise<GlobalsRestorer>;
  openEarlierArchives(): Promise<EarlierArchives>;
  /** Whose backup a file is, by its first bytes; undefined when they do not tell. */
  recognizeFile(file: OpenedObject): Promise<EngineFamily | undefined>;
}

/** What became of one database. */
export interface RestoredDatabase {
  readonly name: string;
  /** With failures in it where it was gone on behind them. */
  readonly result?: RestoreResult;
  readonly error?: BackupError;
}

export interface RestoreClusterOutcome {
  /** What is restored, in order, for people. */
  readonly plan: readonly string[];
  readonly findings: readonly Finding[];
  /** Only when something was restored. */
  readonly result?: { readonly globals: GlobalsResult | undefined; readonly databases: readonly RestoredDatabase[] };
}

/**
 * Restores a cluster's backup, or what is asked for of it: globals first, then one database after another. Goes on behind
 * a statement of the globals or a database that fails, and says which.
 * @throws BackupError PRECHECK, CONFIRM_REQUIRED, DAMAGED before anything is touched
 */
export async function restoreCluster(
  request: RestoreClusterRequest,
  ports: RestoreClusterPorts,
  signal: AbortSignal,
): Promise<RestoreClusterOutcome> {
  const found = await findBackup(request.backup, ports, signal);
  const family = await familyFor(found, request, ports);
  if (family === "postgres") refuseOfMysql(request);
  const restorer = await ports.openGlobalsRestorer(family);
  const cluster = await opened(found, restorer, request, ports, signal);
  const { globals } = cluster;
  const databases = chosenDatabases(cluster, request, restorer);
  const plan = [...globals.plan(request.globals), ...databases.map(({ name }) => `database "${name}"`)];
  ports.progress.emit({ event: "phase", phase: "check", message: "checking the backup against the server" });
  const { findings, existing } = await checkCluster({ cluster, databases, request, restorer }, ports, signal);
  if (request.dryRun) return { plan, findings };
  refuseErrors(findings);
  requireClusterConfirmation(findings, request, plan);
  for (const { message, solution } of findings) ports.progress.emit({ event: "warning", message, hint: solution });
  const restoresGlobals = request.globals.roles || request.globals.tablespaces;
  const restored = restoresGlobals ? await globals.run(request.globals, ports.progress, signal) : undefined;
  const results = await restoreDatabases({ cluster, databases, existing, request }, ports, signal);
  const behind = restoresGlobals
    ? await globals.runBehindDatabases?.(request.globals, ports.progress, signal)
    : undefined;
  return { plan, findings, result: { globals: joined(restored, behind), databases: results } };
}

async function opened(
  found: FoundBackup,
  restorer: GlobalsRestorer,
  { restore: { maxPlainBytes } }: RestoreClusterRequest,
  { openEarlierArchives }: RestoreClusterPorts,
  signal: AbortSignal,
): Promise<RestorableCluster> {
  const archives = await openEarlierArchives();
  if (!(await isOfEarlierCluster(found, archives))) return await restorableCluster(found, restorer, signal);
  return await restorableEarlierCluster(found, { restorer, archives, maxPlainBytes }, signal);
}

/**
 * Whose backup it is: its metadata say it, of a script its beginning, or the command line.
 * @throws BackupError USAGE when they contradict each other
 */
async function familyFor(
  { metadata, location, artifacts }: FoundBackup,
  { globals }: RestoreClusterRequest,
  ports: RestoreClusterPorts,
): Promise<EngineFamily> {
  const asked = familyOfConnection(globals.connection);
  const family =
    metadata === undefined ? await recognized(artifacts[0]!, ports) : familyOf(typeOfBackup(metadata.database_type));
  if (family === undefined) return asked ?? "postgres";
  if (asked === undefined || asked === family) return family;
  throw new BackupError({
    code: "USAGE",
    message: `the backup is one of ${shownFamily[family]}, and cannot be restored into ${shownFamily[asked]}`,
    object: location,
    hint: "name a server of the backup's kind with --url, or another backup",
  });
}

async function recognized(
  artifact: FoundArtifact,
  { recognizeFile }: RestoreClusterPorts,
): Promise<EngineFamily | undefined> {
  const file = await plainObject(artifact, await artifact.open());
  try {
    return await recognizeFile(file);
  } finally {
    await file.close();
  }
}

/** @throws BackupError USAGE, before globals are restored */
function refuseOfMysql({ restore, globals, databases }: RestoreClusterRequest): void {
  const { definer = "keep", convert = false } = restore;
  if (databases === undefined && globals.onError !== undefined) {
    throw new BackupError({
      code: "USAGE",
      message: 'option "--on-error" changes nothing of what is restored',
      hint: "leave it out",
    });
  }
  if (definer === "keep" && !convert) return;
  throw new BackupError({
    code: "USAGE",
    message: `${convert ? '"--convert" is' : '"--definer" and "--skip-definer" are'} for backups of MySQL and MariaDB, and this is one of PostgreSQL`,
    hint: "leave it out",
  });
}

function joined(first: GlobalsResult | undefined, second: GlobalsResult | undefined): GlobalsResult | undefined {
  if (first === undefined || second === undefined) return first;
  return {
    done: first.done + second.done,
    failed: first.failed + second.failed,
    failures: [...first.failures, ...second.failures].slice(0, maxListedFailures),
    warnings: [...first.warnings, ...second.warnings],
  };
}

/** template1 first, as the backup has them. @throws BackupError NOT_FOUND for a pattern that means none of the backup */
function chosenDatabases(
  { backup, databases }: RestorableCluster,
  request: RestoreClusterRequest,
  restorer: GlobalsRestorer,
): RestorableCluster["databases"] {
  if (request.databases === undefined) return [];
  const { wanted, excluded } = request.databases;
  const names = databases.map(({ name }) => name);
  const matching = (pattern: string): readonly string[] => restorer.namesMatching(pattern, names);
  for (const pattern of wanted) {
    if (matching(pattern).length > 0) continue;
    throw new BackupError({
      code: "NOT_FOUND",
      message: `the backup holds no database that matches "${pattern}"`,
      object: backup.location,
      hint: "see what it holds with --dry-run; names with capitals stand in double quotes",
    });
  }
  const chosen = new Set(wanted.length === 0 ? names : wanted.flatMap(matching));
  for (const name of excluded.flatMap(matching)) chosen.delete(name);
  return databases.filter(({ name }) => chosen.has(name));
}

interface DatabaseRun {
  readonly cluster: RestorableCluster;
  readonly databases: RestorableCluster["databases"];
  /** Databases that the server has. */
  readonly existing: ReadonlySet<string>;
  readonly request: RestoreClusterRequest;
}

async function restoreDatabases(
  { cluster, databases, existing, request }: DatabaseRun,
  ports: RestoreClusterPorts,
  signal: AbortSignal,
): Promise<RestoredDatabase[]> {
  const results: RestoredDatabase[] = [];
  for (const [index, { name }] of databases.entries()) {
    signal.throwIfAborted();
    const message = `database "${name}" (${index + 1} of ${databases.length})`;
    ports.progress.emit({ event: "phase", phase: "database", message });
    try {
      const restore = restoreOf(name, existing, request, cluster);
      const found = await cluster.openDatabase(name);
      const { verifyFirst } = request;
      const { result } = await restoreFound(found, { restore, mode: "restore", verifyFirst }, ports, signal);
      results.push({ name, ...(result === undefined ? {} : { result }) });
    } catch (error) {
      if (!(error instanceof BackupError) || signal.aborted || error.code === "INTERRUPTED") throw error;
      results.push({ name, error });
      ports.progress.emit({ event: "warning", message: `database "${name}" failed: ${error.message}` });
    }
  }
  return results;
}

/** What is checked before anything is touched. */
export interface ClusterCheck {
  readonly cluster: RestorableCluster;
  readonly databases: RestorableCluster["databases"];
  readonly request: RestoreClusterRequest;
  readonly restorer: Pick<GlobalsRestorer, "looksAhead">;
}
