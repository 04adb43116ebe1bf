import { resolveConnection } from "../../src/wire/postgres/conninfo/resolve-connection.ts";
import { loadZoo } from "../../tests/helpers/load-zoo.ts";
import { startServer } from "../../tests/helpers/postgres-server.ts";
import { compareEngines } from "./compare-engines.ts";
import type { DatabaseReport } from "./difference.ts";
import { type ParityOptions, readOptions, usage } from "./options.ts";
import { reportLines } from "./report.ts";

const options = await readOptions(process.argv.slice(2));
if (options === undefined) process.stdout.write(usage);
else process.exitCode = await main(options);

async function main(request: ParityOptions): Promise<number> {
  const { url, databases } = request;
  const reports =
    url === undefined
      ? await ofOwnServer(request)
      : await reportsOf(url, databases.length > 0 ? databases : [resolveConnection({ url }).database], request);
  if (request.json) process.stdout.write(`${JSON.stringify({ databases: reports }, null, 2)}\n`);
  const isEqual = reports.every(({ formats }) => formats.every(({ differences }) => differences.length === 0));
  return isEqual ? 0 : 1;
}

async function ofOwnServer(request: ParityOptions): Promise<DatabaseReport[]> {
  await using server = await startServer({ major: request.major });
  await using zoo = await loadZoo(server, "zoo");
  return await reportsOf(server.url(), [zoo.name, ...request.databases], request);
}

async function reportsOf(url: string, databases: readonly string[], request: ParityOptions): Promise<DatabaseReport[]> {
  const reports: DatabaseReport[] = [];
  for (const database of databases) {
    const report = await compareEngines(database, { ...request, url });
    reports.push(report);
    if (!request.json) process.stdout.write(`${reportLines(report).join("\n")}\n`);
  }
  return reports;
}
