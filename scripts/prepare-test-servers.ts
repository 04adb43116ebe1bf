/**
 * Fetches the servers of PostgreSQL, MySQL and MariaDB, and the stock tools, that the tests run on, all at once, one line for each that was missing.
 * When all are there it only looks: 0.1 s. What cannot be had is named; with CI=true that is a failure.
 */
import { prepareAzureServer } from "../tests/helpers/azure-server.ts";
import { canFetchDebianPackages } from "../tests/helpers/debian-packages.ts";
import { installMysql, type MysqlFlavour, missingMysql, mysqlFlavours } from "../tests/helpers/mysql-packages.ts";
import { installPostgis } from "../tests/helpers/postgis.ts";
import { installPostgres, type PostgresMajor } from "../tests/helpers/postgres-packages.ts";
import { missingS3Server, prepareS3Server } from "../tests/helpers/s3-server.ts";
import { missingSshServer, prepareSshServer } from "../tests/helpers/ssh-server.ts";
import { installStockTools, missingStockTools, stockMajors } from "../tests/helpers/stock-tools.ts";

const full = process.argv.includes("--full");
const majors: readonly PostgresMajor[] = full ? [10, 11, 12, 13, 14, 15, 16, 17, 18] : [10, 13, 15, 17, 18];
let failed = false;

async function prepare(what: string, install: () => Promise<boolean>): Promise<void> {
  const start = performance.now();
  try {
    if (await install()) console.error(`fetched ${what} in ${secondsSince(start)}`);
  } catch (error) {
    failed = true;
    console.error(`cannot fetch ${what}: ${error instanceof Error ? error.message : error}`);
  }
}

function secondsSince(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

async function prepareStock(major: (typeof stockMajors)[number]): Promise<void> {
  const missing = await missingStockTools(major);
  if (missing.length === 0) return prepare(`stock tools of PostgreSQL ${major}`, () => installStockTools(major));
  console.error(`MISSING: ${missing.join(", ")} of PostgreSQL ${major}; tests that compare with them cannot run`);
  if (process.env.CI === "true") failed = true;
}

async function prepareMysql(flavour: MysqlFlavour): Promise<void> {
  const reason = await missingMysql(flavour);
  if (reason === undefined) return prepare(flavour, () => installMysql(flavour));
  console.error(`MISSING: ${flavour}: ${reason}; tests on it cannot run`);
  if (process.env.CI === "true") failed = true;
}

async function prepareS3(): Promise<void> {
  const reason = await missingS3Server();
  if (reason === undefined) return prepare("a server of S3", prepareS3Server);
  console.error(`MISSING: a server of S3 (moto): ${reason}; tests on it cannot run`);
  if (process.env.CI === "true") failed = true;
}

async function prepareAzure(): Promise<void> {
  const start = performance.now();
  try {
    if (await prepareAzureServer()) console.error(`fetched a server of Azure Blob Storage in ${secondsSince(start)}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.error(`MISSING: a server of Azure Blob Storage (azurite): ${reason}; tests on it cannot run`);
    if (process.env.CI === "true") failed = true;
  }
}

async function prepareSsh(): Promise<void> {
  const reason = await missingSshServer();
  if (reason === undefined) return prepare("a server of SFTP", prepareSshServer);
  console.error(`MISSING: a server of SFTP (OpenSSH): ${reason}; tests on it cannot run`);
  if (process.env.CI === "true") failed = true;
}

await Promise.all([
  ...majors.map((major) => prepare(`PostgreSQL ${major}`, () => installPostgres(major))),
  ...stockMajors.map(prepareStock),
  ...mysqlFlavours.map(prepareMysql),
  prepareS3(),
  prepareAzure(),
  prepareSsh(),
  ...(full && (await canFetchDebianPackages()) ? [prepare("PostGIS", installPostgis)] : []),
]);
process.exitCode = failed ? 1 : 0;
