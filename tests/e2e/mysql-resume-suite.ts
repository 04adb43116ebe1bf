import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { killedRestoreAt, seeded } from "../helpers/interrupted-restore.ts";
import { type MysqlDatabase, withMysqlDatabase } from "../helpers/mysql-database.ts";
import type { MysqlFlavour } from "../helpers/mysql-packages.ts";
import { checksums, stockDump } from "../helpers/mysql-round-trip.ts";
import { type MysqlServer, mysqlUrl, startMysql } from "../helpers/mysql-server.ts";
import { TcpProxy } from "../helpers/tcp-proxy.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

/** What the suite knows of a source, and where its backup is. */
export interface ResumeSource extends AsyncDisposable {
  readonly server: MysqlServer;
  readonly path: string;
  readonly dump: string;
  readonly sums: [string, string | null][];
}

function double(table: string): string {
  return `INSERT INTO ${table} SELECT id + (SELECT MAX(id) FROM ${table} x), p, t FROM ${table}`;
}

/** Rows of engines with and without transactions, of one table many files; what follows rows, and what must not see them come. */
export async function withResumeSource(flavour: MysqlFlavour): Promise<ResumeSource> {
  const server = await startMysql({ flavour });
  const folder = await withTemporaryFolder();
  await using source = await withMysqlDatabase(server);
  const filler = "REPEAT('abcdefghij', 20)";
  for (const sql of [
    "CREATE TABLE parent (id INT PRIMARY KEY, p INT, t VARCHAR(300))",
    `INSERT INTO parent VALUES (1, 1, ${filler}), (2, 2, NULL)`,
    double("parent"),
    double("parent"),
    "CREATE TABLE big (id INT PRIMARY KEY AUTO_INCREMENT, p INT, t VARCHAR(300), KEY `by``p` (p), KEY (t), FULLTEXT KEY (t), CONSTRAINT `to``parent` FOREIGN KEY (p) REFERENCES parent (id))",
    `INSERT INTO big SELECT id, 1, ${filler} FROM parent`,
    ...Array.from({ length: 10 }, () => double("big")),
    "CREATE TABLE heap (id INT, p INT, t VARCHAR(300)) ENGINE=InnoDB",
    "INSERT INTO heap SELECT id, p, t FROM big WHERE id < 900",
    "CREATE TABLE old (id INT, p INT, t VARCHAR(300), KEY (id)) ENGINE=MyISAM",
    "INSERT INTO old SELECT id, p, t FROM big WHERE id < 900",
    "CREATE TABLE brief (id INT, t VARCHAR(30)) ENGINE=MEMORY",
    "INSERT INTO brief SELECT id, LEFT(t, 30) FROM big WHERE id < 100",
    ...Array.from(
      { length: 6 },
      (_, n) =>
        `CREATE TABLE \`t${n} \`\` é\` (id INT PRIMARY KEY, CONSTRAINT f${n} FOREIGN KEY (id) REFERENCES parent (id))`,
    ),
    ...Array.from({ length: 6 }, (_, n) => `INSERT INTO \`t${n} \`\` é\` VALUES (1), (2), (3)`),
    "CREATE VIEW seen AS SELECT COUNT(*) AS n FROM big",
    "CREATE VIEW first_seen AS SELECT n FROM seen",
    "CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN 2 * n",
    "CREATE PROCEDURE nothing() SELECT 1",
    "CREATE TRIGGER doubles AFTER INSERT ON old FOR EACH ROW INSERT INTO brief VALUES (NEW.id, 'twice')",
    "CREATE TRIGGER counts BEFORE INSERT ON big FOR EACH ROW SET NEW.p = NEW.p + 1",
    "CREATE EVENT never ON SCHEDULE EVERY 1 DAY STARTS '2035-01-01 00:00:00' DISABLE DO SELECT 1",
  ]) {
    await source.sql(sql);
  }
  const path = join(folder.path, "b");
  const how = ["--format=directory", "--chunk-size=32K", "--jobs=2", "--compression=none"];
  await mustDbbackup(["backup", "single", source.name, "--url", mysqlUrl(server), "--quiet", ...how, "--output", path]);
  return {
    server,
    path,
    dump: await stockDump(source),
    sums: await checksums(source),
    async [Symbol.asyncDispose]() {
      await server.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function sorted(text: string): string[] {
  return text.split("\n").toSorted();
}

export async function expectResumed(target: MysqlDatabase, { dump, sums }: ResumeSource): Promise<void> {
  expect(sorted(await stockDump(target))).toEqual(sorted(dump));
  expect(await checksums(target)).toEqual(sums);
}

async function hasJournal(target: MysqlDatabase): Promise<boolean> {
  return (await target.sql("SHOW TABLES LIKE 'dbbackup\\_restore\\_journal'")).length === 1;
}

/** Run after run is killed with -9, until one ends or `most` were killed; the last one is let be. Answers how many were. */
export async function killedOften(
  target: MysqlDatabase,
  { server, path }: ResumeSource,
  { seed, most }: { readonly seed: number; readonly most: number },
): Promise<number> {
  const random = seeded(seed);
  const urlAt = (port: number): string => mysqlUrl({ ...server, flavour: server.flavour, port, socket: "" });
  for (let kills = 0; ; kills++) {
    const flag = (await hasJournal(target)) ? "--resume" : "--resumable";
    const args = [path, `--target=${target.name}`, `--jobs=${1 + (kills % 4)}`, "--confirm", flag];
    // Logging in and the checks take about 90.
    const steps = kills === most ? Number.POSITIVE_INFINITY : 90 + random() * (kills % 3 === 2 ? 150 : 50);
    const run = await killedRestoreAt(server.port, urlAt, args, steps);
    const isOver = flag === "--resume" && !(await hasJournal(target));
    if (run.status === 0 || isOver) return kills;
    if (run.status !== null) throw new Error(`the restore ended with ${run.status}:\n${run.stderr}`);
  }
}

/** Restores of directories into these servers go on after whatever ends them. */
export function resumeSuite(flavours: readonly MysqlFlavour[], kills: number): void {
  describe.each(flavours)("restores into %s are resumed", (flavour) => {
    test("after kill -9, a cut connection and a killed server", async () => {
      await using source = await withResumeSource(flavour);
      const { server, path } = source;
      {
        await using target = await withMysqlDatabase(server);
        const killed = await killedOften(target, source, { seed: kills, most: kills });
        expect(killed).toBeGreaterThan(kills / 2);
        await expectResumed(target, source);
      }
      for (const kind of ["cut", "server killed"] as const) {
        await using target = await withMysqlDatabase(server);
        const args = ["restore", "single", path, `--target=${target.name}`, "--quiet", "--jobs=3"];
        let sent = 0;
        await using proxy: TcpProxy = await TcpProxy.start({
          targetPort: server.port,
          onClientBytes: (count) => {
            const before = sent;
            sent += count;
            if (before >= 1_000_000 || sent < 1_000_000) return;
            if (kind === "cut") proxy.cut();
            else void server.halt("SIGKILL");
          },
        });
        const lost = await dbbackup([
          ...args,
          "--resumable",
          "--url",
          mysqlUrl({ ...source.server, flavour, socket: "", port: proxy.port }),
        ]);
        expect(lost.stderr.toString()).toContain(
          `database "${target.name}" is incomplete, and --resume goes on with it`,
        );
        expect(lost.status).toBe(1);
        if (kind !== "cut") await server.start();
        const resumed = await dbbackup([...args, "--resume", "--json", "--url", mysqlUrl(server)]);
        expect(resumed.status, resumed.stderr.toString()).toBe(0);
        const { result } = JSON.parse(resumed.stdout.toString()) as {
          result: { doneBefore: number; created: boolean };
        };
        expect(result.doneBefore).toBeGreaterThan(10);
        await expectResumed(target, source);
        expect(await hasJournal(target)).toBe(false);
      }
    });
  });
}
