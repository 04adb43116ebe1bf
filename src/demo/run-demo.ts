import type { Services } from "../ports/services.ts";
import type { SqlSession } from "../ports/sql-session.ts";
import type { ThrowawayServer } from "../ports/throwaway-server.ts";
import type { DemoResult, DemoStep, KeptServer } from "./demo-step.ts";
import { loadShop, measureDatabase } from "./load-shop.ts";

export interface DemoRequest {
  /** Leave the server running. */
  readonly keep: boolean;
}

type DemoServices = Pick<Services, "clock" | "openSqlSession" | "startThrowawayServer">;

const database = "shop";

/**
 * The whole story on a server of our own. When it ends, in whatever way, the server and all files are gone, unless they
 * are to be kept.
 * @throws BackupError of the parts
 */
export async function* runDemo(
  request: DemoRequest,
  services: DemoServices,
  signal: AbortSignal,
): AsyncGenerator<DemoStep, DemoResult> {
  const lap = stopwatch(services);
  const total = stopwatch(services);
  const server = await services.startThrowawayServer(signal);
  let kept: KeptServer | undefined;
  try {
    const inSession = sessions(server, services, signal);
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

    if (request.keep) kept = await keepServer(server);
    return { seconds: total(), ...(kept === undefined ? {} : { kept }) };
  } finally {
    if (kept === undefined) await server.stop();
  }
}

function sessions(server: ThrowawayServer, services: DemoServices, signal: AbortSignal) {
  return async <T>(name: string, use: (session: SqlSession) => Promise<T>): Promise<T> => {
    await using session = await services.openSqlSession(server, name, signal);
    return await use(session);
  };
}

async function keepServer(server: ThrowawayServer): Promise<KeptServer> {
  const { socketFolder, port, user } = server;
  return { socketFolder, port, user, database, process: await server.keep() };
}

/** Each call answers the seconds since the one before. */
function stopwatch(services: DemoServices): () => number {
  let last = services.clock.monotonic();
  return () => {
    const now = services.clock.monotonic();
    const seconds = (now - last) / 1000;
    last = now;
    return seconds;
  };
}
