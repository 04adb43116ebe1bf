import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { buildOnce, cacheFolder } from "./cache-folder.ts";
import { DebianRelease } from "./debian-packages.ts";
import type { PostgresServer } from "./postgres-server.ts";
import { mustRun } from "./run-program.ts";
import { stock } from "./stock-tools.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";
import { databaseUrl } from "./test-database.ts";

/** Which Debian release has the source whose suite is run. */
const RELEASE = "sid";
const MAJOR = 18;

/** Below the source: the suite's statements, and the rows that they load. */
const SUITE = join("src", "test", "regress");

/** A server that its own suite has brought down starts again by itself. */
const UP_AGAIN_WITHIN_MS = 60_000;

/** What pg_regress says to all sessions. */
const SESSION = {
  PGTZ: "America/Los_Angeles",
  PGDATESTYLE: "Postgres, MDY",
  PGOPTIONS: "-c intervalstyle=postgres_verbose -c statement_timeout=60s",
};

/**
 * Runs the statements of PostgreSQL 18's own regression suite in a new database, and leaves in it what they leave. Some
 * fail, as they do for pg_regress, and those that need its module of C functions: what matters is what is left behind.
 * @param server one of its own: the suite makes roles, and may bring the server down
 */
export async function runRegressionSuite(server: PostgresServer, database: string): Promise<void> {
  const suite = await regressionSuite();
  await using work = await withTemporaryFolder();
  await mkdir(join(work.path, "results"));
  // The server writes there.
  for (const folder of [work.path, join(work.path, "results")]) await chmod(folder, 0o777);
  await server.sql(`CREATE DATABASE ${database} TEMPLATE template0`);
  for (const setting of ["lc_messages", "lc_monetary", "lc_numeric", "lc_time"]) {
    await server.sql(`ALTER DATABASE ${database} SET ${setting} TO 'C'`);
  }
  const env = {
    ...SESSION,
    PG_ABS_SRCDIR: suite,
    PG_ABS_BUILDDIR: work.path,
    PG_LIBDIR: join(server.binDirectory, "..", "lib", "postgresql"),
    PG_DLSUFFIX: ".so",
  };
  const variables = ["HIDE_TABLEAM=on", "HIDE_TOAST_COMPRESSION=on"].flatMap((variable) => ["-v", variable]);
  for (const name of await testsInOrder(suite)) {
    const args = ["-X", "-q", "-d", databaseUrl(server, database), ...variables];
    const input = await readFile(join(suite, "sql", `${name}.sql`));
    const { status } = await stock(MAJOR).run("psql", args, { cwd: suite, env, input });
    if (status !== 0) await untilUp(server);
  }
}

/** The folder of the suite, fetched first where needed. */
async function regressionSuite(): Promise<string> {
  const folder = join(cacheFolder(), `regress-${MAJOR}`);
  await buildOnce(folder, async (into) => {
    const work = join(into, ".fetch");
    const debian = await DebianRelease.open(RELEASE, work);
    const archive = await debian.source(`postgresql-${MAJOR}`, join(work, "source"));
    const wanted = ["sql", "data", "parallel_schedule"].map((name) => `*/${SUITE}/${name}`);
    await mustRun("tar", [
      "-xf",
      archive,
      "-C",
      work,
      "--no-same-owner",
      "--strip-components=1",
      "--wildcards",
      ...wanted,
    ]);
    for (const name of ["sql", "data", "parallel_schedule"]) await rename(join(work, SUITE, name), join(into, name));
    await rm(work, { recursive: true });
  });
  return folder;
}

async function testsInOrder(suite: string): Promise<string[]> {
  const schedule = await readFile(join(suite, "parallel_schedule"), "utf8");
  const names = schedule.split("\n").flatMap((line) => /^test:(.*)/.exec(line)?.[1]?.trim().split(/\s+/) ?? []);
  return names.filter((name) => existsSync(join(suite, "sql", `${name}.sql`)));
}

async function untilUp(server: PostgresServer): Promise<void> {
  for (const deadline = Date.now() + UP_AGAIN_WITHIN_MS; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    try {
      await server.sql("SELECT");
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}
