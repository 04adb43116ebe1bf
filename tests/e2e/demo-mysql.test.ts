import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { builtProgram } from "../helpers/built-program.ts";
import { dbbackup, foreignVariables } from "../helpers/dbbackup.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { demoMysqlSuite, pathWith, placeForServers } from "./demo-mysql-suite.ts";

demoMysqlSuite(["mariadb-10.11"]);

/** Processes that work in a folder. */
async function processesIn(folder: string): Promise<string[]> {
  const places = await Promise.all(
    (await readdir("/proc"))
      .filter((pid) => /^\d+$/.test(pid))
      .map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => "")),
  );
  return places.filter((place) => place.startsWith(folder));
}

test("a demo that is killed with -9 leaves no server and no file", async () => {
  await using folder = await placeForServers();
  const demo = spawn(process.execPath, [await builtProgram(), "demo", "--db-type", "mariadb"], {
    env: { ...process.env, ...foreignVariables, PATH: await pathWith("mariadb-10.11"), TMPDIR: folder.path },
    stdio: ["ignore", "pipe", "ignore"],
  });
  for await (const chunk of demo.stdout) if (`${chunk}`.includes("ok  server")) break;
  expect(await processesIn(folder.path)).not.toEqual([]);
  demo.kill("SIGKILL");
  await once(demo, "exit");
  await expect.poll(() => processesIn(folder.path)).toEqual([]);
  await expect.poll(() => readdir(folder.path)).toEqual([]);
});

test("without a server on PATH it says what to install", async () => {
  const { status, stderr } = await dbbackup(["demo", "--db-type", "mysql"], { env: { PATH: "/nowhere" } });
  expect(status).toBe(1);
  expect(stderr).toContain('there is no server program "mysqld" on PATH');
  expect(stderr).toContain("apt-get install mysql-server");
});

test("MariaDB's server without the program that makes its data is told by that program's name", async () => {
  await using folder = await withTemporaryFolder();
  await writeFile(join(folder.path, "mariadbd"), "#!/bin/sh\n", { mode: 0o755 });
  const { status, stderr } = await dbbackup(["demo", "--db-type", "mariadb"], { env: { PATH: folder.path } });
  expect(status).toBe(1);
  expect(stderr).toContain('there is no program "mariadb-install-db"');
  expect(stderr).toContain(join(folder.path, "mariadbd"));
});
