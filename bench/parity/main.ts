import { familyOfConnection } from "../../src/core/database-type.ts";
import { resolveMysqlConnection } from "../../src/wire/mysql/conninfo/resolve-mysql-connection.ts";
import { resolveConnection } from "../../src/wire/postgres/conninfo/resolve-connection.ts";
import { loadZoo } from "../../tests/helpers/load-zoo.ts";
import type { MysqlFlavour } from "../../tests/helpers/mysql-packages.ts";
import { withMysqlFixture } from "../../tests/helpers/mysql-round-trip.ts";
import { mysqlUrl, startMysql } from "../../tests/helpers/mysql-server.ts";
import { withMysqlShop } from "../../tests/helpers/mysql-shop.ts";
import { startServer } from "../../tests/helpers/postgres-server.ts";
import { compareEngines } from "./compare-engines.ts";
import type { DatabaseReport } from "./difference.ts";
import { compareMysqlEngines } from "./mysql/compare-mysql.ts";
import { type ParityOptions, readOptions, usage } from "./options.ts";
import { reportLines } from "./report.ts";

const options = await readOptions(process.argv.slice(2));
if (options === undefined) process.stdout.write(usage);
else process.exitCode = await main(options);

async function main(request: ParityOptions): Promise<number> {
  const { url, databases } = request;
  const reports =
    url === undefined
      ? await (request.flavour === undefined ? ofOwnServer(request) : ofOwnMysql(request, request.flavour))
      : await reportsOf(url, databases.length > 0 ? databases : [await databaseOf(url)], request);
  if (request.json) process.stdout.write(`${JSON.stringify({ databases: reports }, null, 2)}\n`);
  const isEqual = reports.every(({ formats }) => formats.every(({ differences }) => differences.length === 0));
  return isEqual ? 0 : 1;
}

async function ofOwnServer(request: ParityOptions): Promise<DatabaseReport[]> {
  await using server = await startServer({ major: request.major });
  await using zoo = await loadZoo(server, "zoo");
  return await reportsOf(server.url(), [zoo.name, ...request.databases], request);
}

async function databaseOf(url: string): Promise<string> {
  if (familyOfConnection({ url }) !== "mysql") return resolveConnection({ url }).database;
  const { database } = await resolveMysqlConnection({ url });
  if (database === undefined) throw new Error("name a database");
  return database;
}

/** Types, keys and stored code of each kind, as the tests have them. */
async function ofOwnMysql(request: ParityOptions, flavour: MysqlFlavour): Promise<DatabaseReport[]> {
  await using server = await startMysql({ flavour });
  await using types = await withMysqlFixture(server, "types.sql");
  await using shop = await withMysqlShop(server);
  const databases = [types.name, shop.name, ...request.databases];
  return await reportsOf(mysqlUrl(server), databases, { ...request, loads: true });
}

async function reportsOf(url: string, databases: readonly string[], request: ParityOptions): Promise<DatabaseReport[]> {
  const reports: DatabaseReport[] = [];
  for (const database of databases) {
    const report =
      familyOfConnection({ url }) === "mysql"
        ? await compareMysqlEngines(database, { ...request, url })
        : await compareEngines(database, { ...request, url });
    reports.push(report);
    if (!request.json) process.stdout.write(`${reportLines(report).join("\n")}\n`);
  }
  return reports;
}
