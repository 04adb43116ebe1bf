import type { MysqlFlavour } from "./mysql-packages.ts";
import { type MysqlAddress, type MysqlServer, startMysql } from "./mysql-server.ts";
import { askBroker, type SharedKind } from "./test-broker.ts";

/** For `globalSetup`: one server per flavour for a whole test run. */
export function sharedMysqlServers(): SharedKind {
  const servers: MysqlServer[] = [];
  return {
    async make(name): Promise<MysqlAddress> {
      const server = await startMysql({ flavour: name as MysqlFlavour });
      servers.push(server);
      const { flavour, port, socket } = server;
      return { flavour, port, socket };
    },
    async end() {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

/**
 * The server of that flavour that all test files share. Work in a database of your own (`withMysqlDatabase`), name users
 * so that no other file can mean the same, change no global setting and lock nothing globally: for that, `startMysql`.
 */
export async function sharedMysql(flavour: MysqlFlavour): Promise<MysqlAddress> {
  return (await askBroker("mysql", flavour)) as MysqlAddress;
}
