import type { PostgresMajor } from "./postgres-packages.ts";
import { type PostgresServer, type ServerAddress, startServer } from "./postgres-server.ts";
import { askBroker, type SharedKind } from "./test-broker.ts";

/** For `globalSetup`: one server per major for a whole test run. */
export function sharedServers(): SharedKind {
  const servers: PostgresServer[] = [];
  return {
    async make(name): Promise<ServerAddress> {
      const server = await startServer({ major: Number(name) as PostgresMajor });
      servers.push(server);
      const { major, port, socketDirectory } = server;
      return { major, port, socketDirectory };
    },
    async end() {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

/**
 * The server of that major that all test files share. Work in a database of your own (`withDatabase`), name roles so
 * that no other file can mean the same, and change no setting of the server: for that, `startServer` one of your own.
 */
export async function sharedServer(major: PostgresMajor): Promise<ServerAddress> {
  return (await askBroker("server", `${major}`)) as ServerAddress;
}
