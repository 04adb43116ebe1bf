import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtProgram } from "../helpers/built-program.ts";
import { dbbackup, foreignVariables } from "../helpers/dbbackup.ts";
import { type MysqlDatabase, withMysqlDatabase } from "../helpers/mysql-database.ts";
import type { MysqlFlavour } from "../helpers/mysql-packages.ts";
import { checksums, stockDump } from "../helpers/mysql-round-trip.ts";
import { type MysqlAddress, type MysqlServer, mysqlSql, mysqlUrl, startMysql } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import type { Finished } from "../helpers/run-program.ts";
import { TcpProxy } from "../helpers/tcp-proxy.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { makeLarge } from "./mysql-directory-suite.ts";

type Ended = Pick<Finished, "stderr"> & { readonly status: number | null };

/** A backup that takes its time, in a process of its own. */
interface SlowBackup extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Its answers come at once from now on. */
  hurry(): void;
  /** Its connections are lost. */
  cut(): void;
}

/** The program in a process of its own, and what it has said so far. */
async function begun(args: readonly string[]) {
  const child = spawn(process.execPath, [await builtProgram(), ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...foreignVariables },
  });
  let said = "";
  child.stderr.on("data", (text: Buffer) => {
    said += text.toString();
  });
  const ended = once(child, "close").then(([status]) => ({ status: status as number | null, stderr: said }));
  return { child, ended, said: () => said };
}

async function slowBackup(database: MysqlDatabase, target: readonly string[]): Promise<SlowBackup> {
  const { name, server } = database;
  const proxy = await TcpProxy.start({ targetPort: server.port, delayMs: 20 });
  const url = `${mysqlUrl({ ...server, port: proxy.port })}?ssl-mode=disable`;
  const what = ["backup", "single", name, "--url", url, "--format=directory", "--chunk-size=40k", ...target];
  const { child, ended } = await begun(what);
  return {
    child,
    ended,
    hurry: () => proxy.hurry(),
    cut: () => proxy.cut(),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
      await proxy[Symbol.asyncDispose]();
    },
  };
}

/**
 * A restore that follows, once it has rows. It is asked, not the server: MariaDB 10.11 and 11.8 hang for good when somebody reads
 * a table into which the first rows come by LOAD DATA without unique_checks and foreign_key_checks.
 */
async function following(backup: string, server: MysqlAddress, args: readonly string[]): Promise<Promise<Ended>[]> {
  const what = ["restore", "single", backup, "--follow", "--url", mysqlUrl(server), "--progress=json", ...args];
  const { ended, said } = await begun(what);
  const told = ended.then(({ status, stderr }) => {
    const lines = stderr
      .split("\n")
      .filter((line) => !/^$|"event":"(?:phase|estimate|progress|object-\w+)"/.test(line));
    return { status, stderr: lines.join("\n").replaceAll('\\"', '"') };
  });
  await until(async () => /"event":"progress"[^\n]*"rows":[1-9]/.test(said()), told);
  // A promise in a list is not waited for.
  return [told];
}

function follow(backup: string, server: MysqlAddress, args: readonly string[]) {
  return dbbackup(["restore", "single", backup, "--follow", "--url", mysqlUrl(server), "--progress=none", ...args]);
}

/** Waits until something is so. @param running what must not end before */
async function until(isSo: () => Promise<boolean>, running?: Promise<Ended>): Promise<void> {
  let ended: Ended | undefined;
  void running?.then((result) => {
    ended = result;
  });
  for (let tries = 0; tries < 400; tries++) {
    if (await isSo()) return;
    if (ended !== undefined) throw new Error(`it ended with ${ended.status}: ${ended.stderr}`);
    await sleep(50);
  }
  throw new Error("it never came to be");
}

/** Whether rows of a table, or of any, can be followed. */
async function hasRows(folder: string, table = ""): Promise<boolean> {
  const work = (await readdir(folder)).find((name) => name.startsWith(".tmp-"));
  const listing = work && (await readFile(join(folder, work, "listing"), "utf8").catch(() => ""));
  return (listing ?? "")
    .split("\n")
    .some((line) => line.startsWith('{"kind":"chunk"') && line.includes(`"table":"${table}`));
}

/** Tables, keys between them, and what must not see their rows come. */
async function fill(database: MysqlDatabase): Promise<void> {
  await makeLarge(database);
  for (const sql of [
    "CREATE TABLE par (id INT PRIMARY KEY)",
    "INSERT INTO par VALUES (1), (2)",
    "CREATE TABLE child (id INT PRIMARY KEY AUTO_INCREMENT, p INT, t VARCHAR(30), KEY by_p (p), UNIQUE KEY by_t (t), FOREIGN KEY (p) REFERENCES par (id))",
    "INSERT INTO child (p, t) SELECT 1 + n % 2, CONCAT('row ', n) FROM heap WHERE n < 2000",
    "CREATE TABLE nothing (id INT PRIMARY KEY, t VARCHAR(9), KEY by_t (t))",
    "CREATE VIEW counted AS SELECT COUNT(*) AS n FROM child",
    "CREATE TRIGGER noted AFTER INSERT ON child FOR EACH ROW INSERT INTO par VALUES (NEW.id + 1000)",
  ]) {
    await database.sql(sql);
  }
}

/** Rows of a table without a key stand in it as they came. */
async function sortedDump(database: MysqlDatabase): Promise<string[]> {
  const script = await stockDump(database, ["--skip-extended-insert"]);
  return script.split("\n").toSorted();
}

/** Backups of these servers are restored while they are made. */
export function followSuite(flavours: readonly MysqlFlavour[]): void {
  describe.each(flavours)("a running backup of %s", (flavour) => {
    let own: MysqlServer | undefined;
    let server: MysqlAddress;
    let other: MysqlAddress;
    beforeAll(async () => {
      server = await sharedMysql(flavour);
      // MySQL lets nobody make tables while one of its databases is backed up: it goes to another server.
      if (flavour === "mysql-9.7") own = await startMysql({ flavour });
      other = own ?? server;
    });
    afterAll(() => own?.stop());

    /** Begins a backup and a restore that follows it, which has rows when this returns. */
    async function begin(source: MysqlDatabase, folder: string, target: string, args: readonly string[], table = "") {
      const output = join(folder, "b.dir");
      await using stack = new AsyncDisposableStack();
      const backup = stack.use(await slowBackup(source, ["--output", output, "--jobs=2"]));
      await until(() => hasRows(folder, table), backup.ended);
      // It goes no further before somebody has rows of it.
      backup.child.kill("SIGSTOP");
      const [restoring] = await following(output, other, ["--target", target, ...args]);
      stack.move();
      return { backup, restoring: restoring!, output };
    }

    test("is restored while it is written, and equals its source; so is a finished one", async () => {
      await using source = await withMysqlDatabase(server);
      await using target = await withMysqlDatabase(other);
      await using folder = await withTemporaryFolder();
      await fill(source);
      await using backup = await slowBackup(source, ["--repo", folder.path, "--jobs=2"]);
      await until(() => hasRows(folder.path), backup.ended);
      backup.child.kill("SIGSTOP");
      const repo = ["--repo", folder.path];
      const asked = [...repo, "--target", target.name, "--jobs=2"];
      const [restoring] = await following(`latest:${source.name}`, other, asked);
      const listed = await dbbackup(["list", "--repo", folder.path, "--json"]);
      expect(JSON.parse(listed.stdout.toString())).toEqual([]);
      backup.child.kill("SIGCONT");
      backup.hurry();
      expect(await backup.ended).toMatchObject({ status: 0 });
      expect(await restoring).toMatchObject({ status: 0, stderr: "" });
      expect(await sortedDump(target)).toEqual(await sortedDump(source));
      expect(await checksums(target)).toEqual(await checksums(source));
      expect((await readdir(folder.path)).filter((name) => name.startsWith(".tmp-"))).toEqual([]);
      expect((await dbbackup(["verify", `latest:${source.name}`, "--repo", folder.path])).status).toBe(0);

      const name = (await readdir(folder.path)).find((one) => !one.endsWith(".meta.json"));
      await using again = await withMysqlDatabase(other);
      const finished = await follow(join(folder.path, name!), other, ["--target", again.name]);
      expect(finished).toMatchObject({ status: 0, stderr: "" });
      expect(await sortedDump(again)).toEqual(await sortedDump(source));
    });

    test("is restored in part; what is known too late is refused", async () => {
      await using source = await withMysqlDatabase(server);
      await using target = await withMysqlDatabase(other);
      await using folder = await withTemporaryFolder();
      await fill(source);
      const chosen = ["--table=whole", `--table=${source.name}.nothing`];
      const { backup, restoring, output } = await begin(source, folder.path, target.name, chosen, "whole");
      await using _backup = backup;
      const refused = async (...args: readonly string[]) => await follow(output, other, ["--target=x", ...args]);
      expect(await refused("--table=whale")).toMatchObject({ stderr: expect.stringContaining('no table "whale"') });
      for (const args of [["--convert"], ["--schema-only"], ["--clean", "--confirm"]]) {
        const { status, stderr } = await refused(...args);
        expect([args[0], status, stderr]).toEqual([
          args[0],
          2,
          expect.stringContaining("cannot be honoured with --follow"),
        ]);
      }
      const elsewhere = await follow("s3://bucket/b.dir", other, ["--target=x"]);
      expect(elsewhere).toMatchObject({ status: 2, stderr: expect.stringContaining("and only in a folder") });
      backup.child.kill("SIGCONT");
      backup.hurry();
      expect(await backup.ended).toMatchObject({ status: 0 });
      expect(await restoring).toMatchObject({ status: 0, stderr: "" });
      const wanted = (await checksums(source)).filter(([name]) => ["whole", "nothing"].includes(name));
      expect(await checksums(target)).toEqual(wanted);
    });

    test("that is killed takes the restore with it, which leaves nothing that it made", async () => {
      await using source = await withMysqlDatabase(server);
      await using folder = await withTemporaryFolder();
      await fill(source);
      const target = `${source.name}_copy`;
      const { backup, restoring } = await begin(source, folder.path, target, ["--create"]);
      await using _backup = backup;
      backup.child.kill("SIGKILL");
      const { status, stderr } = await restoring;
      expect(stderr).toContain(`the backup of database "${source.name}" that was followed ended before it was whole`);
      expect(stderr).toContain(`"${target}"`);
      expect(status).toBe(1);
      expect(await mysqlSql(other, `SHOW DATABASES LIKE '${target}'`)).toEqual([]);
    });

    test("that fails takes the restore with it, which says that the target is incomplete", async () => {
      await using source = await withMysqlDatabase(server);
      await using target = await withMysqlDatabase(other);
      await using folder = await withTemporaryFolder();
      await fill(source);
      const { backup, restoring } = await begin(source, folder.path, target.name, []);
      await using _backup = backup;
      backup.cut();
      backup.child.kill("SIGCONT");
      expect(await backup.ended).toMatchObject({ status: 1 });
      const { status, stderr } = await restoring;
      expect(stderr).toContain("that was followed ended before it was whole");
      expect(stderr).toContain(`database "${target.name}" is incomplete`);
      expect(status).toBe(1);
    });
  });
}
