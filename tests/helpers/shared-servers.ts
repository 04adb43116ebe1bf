import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { guardFolder } from "./guard.ts";
import type { PostgresMajor } from "./postgres-packages.ts";
import { type PostgresServer, type ServerAddress, startServer } from "./postgres-server.ts";

/**
 * One server per major for a whole test run. Test files run in processes of their own that come and go, so the servers
 * belong to the process that runs `globalSetup`; it answers questions on a socket named by this variable.
 */
const BROKER_VARIABLE = "DBBACKUP_TEST_BROKER";

interface Answer {
  readonly address?: ServerAddress;
  readonly failure?: string;
}

/** For `globalSetup`: starts answering; the servers start when first asked for. Disposing stops all of them. */
export async function serveSharedServers(): Promise<AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), "dbbackup-broker-"));
  guardFolder(folder);
  const servers = new Map<PostgresMajor, Promise<PostgresServer>>();
  const broker = createServer({ allowHalfOpen: true }, async (socket) => {
    socket.on("error", () => {});
    const major = Number(await text(socket)) as PostgresMajor;
    const server = servers.get(major) ?? startServer({ major });
    servers.set(major, server);
    const answer: Answer = await server.then(addressOf, (error: unknown) => ({ failure: `${error}` }));
    socket.end(JSON.stringify(answer));
  });
  const path = join(folder, "s");
  await new Promise<void>((resolve, reject) => broker.once("error", reject).listen(path, resolve));
  broker.unref();
  process.env[BROKER_VARIABLE] = path;
  return {
    async [Symbol.asyncDispose]() {
      broker.close();
      await Promise.all([...servers.values()].map((server) => server.then((it) => it.stop()).catch(() => {})));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function addressOf({ major, port, socketDirectory }: PostgresServer): Answer {
  return { address: { major, port, socketDirectory } };
}

/**
 * The server of that major that all test files share. Work in a database of your own (`withDatabase`), name roles so
 * that no other file can mean the same, and change no setting of the server: for that, `startServer` one of your own.
 */
export async function sharedServer(major: PostgresMajor): Promise<ServerAddress> {
  const path = process.env[BROKER_VARIABLE];
  if (path === undefined) throw new Error("shared servers exist only while vitest runs; use startServer");
  const socket = connect({ path, allowHalfOpen: true });
  socket.end(`${major}`);
  const answer = JSON.parse(await text(socket)) as Answer;
  if (answer.address === undefined) throw new Error(answer.failure);
  return answer.address;
}
