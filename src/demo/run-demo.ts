import type { DatabaseType } from "../core/database-type.ts";
import type { Services } from "../ports/services.ts";
import type { SqlSession } from "../ports/sql-session.ts";
import type { ThrowawayServer } from "../ports/throwaway-server.ts";
import { originalName, sampleName } from "./demo-database.ts";
import { backUp, compareWith, restore, verify } from "./demo-jobs.ts";
import type { DemoResult, DemoStep, KeptServer } from "./demo-step.ts";
import { openDemoDatabase } from "./open-demo-database.ts";
import { stopwatch } from "./stopwatch.ts";

export interface DemoRequest {
  /** Default: postgres. */
  readonly databaseType?: DatabaseType;
  /** Leave the server running. */
  readonly keep: boolean;
  /** Called in the restored database before it is compared: tests break something here, to see it found. */
  readonly interfere?: (session: SqlSession) => Promise<void>;
}

/**
 * The whole story on a server of our own. When it ends, in whatever way, the server and all files are gone, unless they
 * are to be kept.
 * @throws BackupError of the parts
 */
export async function* runDemo(
  request: DemoRequest,
  services: Services,
  signal: AbortSignal,
): AsyncGenerator<DemoStep, DemoResult> {
  const total = stopwatch(services.clock);
  const lap = stopwatch(services.clock);
  const { databaseType = "postgres" } = request;
  const server = await services.startThrowawayServer(signal, { databaseType });
  let kept: KeptServer | undefined;
  try {
    const database = await openDemoDatabase(databaseType, server, services, signal);
    const job = { server, database, services, signal };
    yield { step: "server", version: database.version, seconds: lap() };

    const sample = await database.load();
    yield { step: "sample", ...sample, seconds: lap() };

    const how = await database.copy();
    yield { step: "copy", how, seconds: lap() };

    const backup = await backUp(sampleName, job);
    yield { step: "backup", ...backup, seconds: lap() };
    yield { step: "verify", ...(await verify(sampleName, job)), seconds: lap() };

    await database.drop();
    yield { step: "drop", seconds: lap() };
    yield { step: "restore", ...(await restore(sampleName, job)), seconds: lap() };

    if (request.interfere !== undefined) await database.inSample(request.interfere);
    const comparison = await compareWith(originalName, sampleName, job);
    yield { step: "compare", comparison, seconds: lap() };

    if (request.keep) kept = await keepServer(server);
    return { equal: comparison.equal, seconds: total(), ...(kept === undefined ? {} : { kept }) };
  } finally {
    if (kept === undefined) await server.stop();
  }
}

async function keepServer(server: ThrowawayServer): Promise<KeptServer> {
  const { socketFolder, socketFile, port, user, workFolder } = server;
  return {
    socketFolder,
    ...(socketFile === undefined ? {} : { socketFile }),
    port,
    user,
    database: sampleName,
    repository: workFolder,
    process: await server.keep(),
  };
}
