import type { DatabaseType } from "../core/database-type.ts";
import type { Services } from "../ports/services.ts";
import type { SqlSession } from "../ports/sql-session.ts";
import type { ThrowawayServer } from "../ports/throwaway-server.ts";
import { type DemoDatabase, originalName, sampleName } from "./demo-database.ts";
import { loadShop, measureDatabase } from "./load-shop.ts";
import { loadMysqlShop, measureMysqlDatabase } from "./mysql-shop/load-mysql-shop.ts";

type InSession = <T>(database: string, use: (session: SqlSession) => Promise<T>) => Promise<T>;

/** Looks at the server, and knows what to do on it. */
export async function openDemoDatabase(
  type: DatabaseType,
  server: ThrowawayServer,
  services: Services,
  signal: AbortSignal,
): Promise<DemoDatabase> {
  const inSession: InSession = async (name, use) => {
    await using session = await services.openSqlSession(server, name, signal);
    return await use(session);
  };
  return type === "postgres" ? await postgresDatabase(server, inSession) : await mysqlDatabase(type, server, inSession);
}

async function postgresDatabase(server: ThrowawayServer, inSession: InSession): Promise<DemoDatabase> {
  const version = await inSession("postgres", async ({ serverVersion }) => serverVersion.text);
  const run = (sql: string): Promise<unknown> => inSession("postgres", (session) => session.query(sql));
  const { socketFolder, port, user } = server;
  return {
    version: `PostgreSQL ${version} from npm`,
    connection: { socket: socketFolder, port, user, database: "postgres" },
    format: "custom",
    async load() {
      await run(`create database ${sampleName}`);
      return await inSession(sampleName, async (session) => {
        await loadShop(session);
        return await measureDatabase(session);
      });
    },
    async copy() {
      await run(`create database ${originalName} template ${sampleName}`);
      return "made by the server, to compare with at the end";
    },
    async drop() {
      await run(`drop database ${sampleName}`);
    },
    inSample: (use) => inSession(sampleName, use),
  };
}

async function mysqlDatabase(
  type: "mysql" | "mariadb",
  server: ThrowawayServer,
  inSession: InSession,
): Promise<DemoDatabase> {
  const version = await inSession("", async ({ serverVersion }) => serverVersion.text);
  const make = async (name: string): Promise<void> => {
    await inSession("", (session) => session.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`));
    await inSession(name, loadMysqlShop);
  };
  return {
    version: type === "mysql" ? `MySQL ${version}` : version.replace(/^([\d.]+)-MariaDB.*/, "MariaDB $1"),
    connection: { dbType: type, socket: server.socketFile!, user: server.user, mysql: { noDefaults: true } },
    format: "sql",
    async load() {
      await make(sampleName);
      return await inSession(sampleName, measureMysqlDatabase);
    },
    async copy() {
      await make(originalName);
      return "made by the same statements, to compare with at the end";
    },
    async drop() {
      await inSession("", (session) => session.query(`DROP DATABASE ${sampleName}`));
    },
    inSample: (use) => inSession(sampleName, use),
  };
}
