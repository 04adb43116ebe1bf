import type { Services } from "../ports/services.ts";
import type { SqlSession } from "../ports/sql-session.ts";
import type { ThrowawayServer } from "../ports/throwaway-server.ts";
import { backUp, compareWith, restore, verify } from "./demo-jobs.ts";
import type { DemoResult, DemoStep, KeptServer } from "./demo-step.ts";
import { loadShop, measureDatabase } from "./load-shop.ts";
import { stopwatch } from "./stopwatch.ts";

export interface DemoRequest {
  /** Leave the server running. */
  readonly keep: boolean;
  /** Called in the restored database before it is compared: tests break something here, to see it found. */
  readonly interfere?: (session: SqlSession) => Promise<void>;
}

const database = "shop";
/** What the restored database is compared with. */
const original = "shop_original";

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
  const server = await services.startThrowawayServer(signal);
  const job = { server, services, signal };
  const inSession = sessions(server, services, signal);
  let kept: KeptServer | undefined;
  try {
    const version = await inSession("postgres", async (session) => {
      await session.query(`create database ${database}`);
      return session.serverVersion.text;
    });
    yield { step: "server", version, seconds: lap() };

    const sample = await inSession(database, async (session) => {
      await loadShop(session);
      return measureDatabase(session);
    });
    yield { step: "sample", ...sample, seconds: lap() };

    await inSession("postgres", (session) => session.query(`create database ${original} template ${database}`));
    yield { step: "copy", seconds: lap() };

    const backup = await backUp(database, job);
    yield { step: "backup", ...backup, seconds: lap() };
    yield { step: "verify", ...(await verify(database, job)), seconds: lap() };

    await inSession("postgres", (session) => session.query(`drop database ${database}`));
    yield { step: "drop", seconds: lap() };
    yield { step: "restore", ...(await restore(database, job)), seconds: lap() };

    if (request.interfere !== undefined) await inSession(database, request.interfere);
    const comparison = await compareWith(original, database, job);
    yield { step: "compare", comparison, seconds: lap() };

    if (request.keep) kept = await keepServer(server);
    return { equal: comparison.equal, seconds: total(), ...(kept === undefined ? {} : { kept }) };
  } finally {
    if (kept === undefined) await server.stop();
  }
}

function sessions(server: ThrowawayServer, services: Services, signal: AbortSignal) {
  return async <T>(name: string, use: (session: SqlSession) => Promise<T>): Promise<T> => {
    await using session = await services.openSqlSession(server, name, signal);
    return await use(session);
  };
}

async function keepServer(server: ThrowawayServer): Promise<KeptServer> {
  const { socketFolder, port, user, workFolder } = server;
  return { socketFolder, port, user, database, repository: workFolder, process: await server.keep() };
}
