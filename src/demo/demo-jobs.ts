import { backupSingle } from "../commands/backup-single.ts";
import { compare } from "../commands/compare.ts";
import { findBackup } from "../commands/find-backup.ts";
import { restoreSingle } from "../commands/restore-single.ts";
import { verifyBackup } from "../commands/verify-backup.ts";
import { wholeRestore } from "../commands/whole-restore.ts";
import { BackupError } from "../core/backup-error.ts";
import { parseCompression } from "../core/compression.ts";
import { familyOfConnection } from "../core/database-type.ts";
import { type Comparison, defaultComparisonLimits } from "../ports/comparison.ts";
import type { ProgressSink } from "../ports/progress.ts";
import type { Services } from "../ports/services.ts";
import type { ThrowawayServer } from "../ports/throwaway-server.ts";
import type { DemoDatabase } from "./demo-database.ts";

/** Where the jobs of the demonstration work. Its repository is the server's work folder. */
export interface DemoJob {
  readonly server: ThrowawayServer;
  readonly database: DemoDatabase;
  readonly services: Services;
  readonly signal: AbortSignal;
}

/** One line a check is all that the demonstration shows. */
const silent: ProgressSink = { emit: () => {} };

export async function backUp(name: string, { server, database, services, signal }: DemoJob) {
  const storage = await services.openStorage(server.workFolder);
  const metadata = await backupSingle(
    {
      connection: database.connection,
      database: name,
      format: database.format,
      compression: parseCompression("gzip"),
      jobs: 1,
      destination: { kind: "repository", storage },
    },
    {
      ...(await services.dumping({ family: familyOfConnection(database.connection) })),
      clock: services.clock,
      tool: services.tool,
      progress: silent,
    },
    signal,
  );
  return {
    file: metadata.artifacts[0]!.name,
    storedBytes: metadata.size_bytes,
    plainBytes: (metadata.objects ?? []).reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

export async function verify(database: string, { server, services, signal }: DemoJob) {
  const found = await findBackup(`latest:${database}`, findPorts(server, services), signal);
  const ports = { checker: await services.openChecker(), clock: services.clock, progress: silent };
  const { storedBytes, contents, damage } = await verifyBackup(found, ports, signal);
  if (damage.length > 0) {
    throw new BackupError({
      code: "DAMAGED",
      message: "the backup is damaged",
      object: found.location,
      details: damage.map(({ object, message }) => `${object}: ${message}`),
      hint: "this is a fault of dbbackup or of this machine: please report it",
    });
  }
  const tables = contents?.tables ?? [];
  return { storedBytes, tables: tables.length, rows: tables.reduce((sum, { totals }) => sum + (totals?.rows ?? 0), 0) };
}

/** Creates the database and restores the newest backup into it. */
export async function restore(name: string, { server, database, services, signal }: DemoJob) {
  const { result } = await restoreSingle(
    {
      backup: `latest:${name}`,
      mode: "restore",
      verifyFirst: false,
      restore: {
        ...wholeRestore,
        connection: database.connection,
        target: name,
      },
    },
    {
      ...findPorts(server, services),
      engine: await services.openRestorer(undefined, { usual: familyOfConnection(database.connection) ?? "postgres" }),
      clock: services.clock,
      progress: silent,
      openChecker: () => services.openChecker(),
      standardInput: () => services.standardInput(),
      readTextFile: (path) => services.readTextFile(path),
      openOutput: services.openOutput,
      locateOutput: (path) => services.locateOutput(path),
    },
    signal,
  );
  return { objects: result?.done ?? 0, rows: result?.rows ?? 0, bytes: result?.bytes ?? 0 };
}

export async function compareWith(
  original: string,
  restored: string,
  { server, database: { connection }, services, signal }: DemoJob,
): Promise<Comparison> {
  const left = { ...connection, database: original };
  const right = { ...connection, database: restored };
  const request = { left, right, schemaOnly: false, limits: defaultComparisonLimits, jobs: 1 };
  const ports = {
    ...findPorts(server, services),
    comparer: await services.openComparer(familyOfConnection(connection)),
    openNotes: services.openComparisonNotes,
  };
  return await compare(request, ports, { progress: silent, signal });
}

function findPorts({ workFolder }: ThrowawayServer, services: Services) {
  return { locateFile: services.locateFile, openRepository: () => services.openStorage(workFolder) };
}
