import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { BackupMetadata } from "../../src/core/metadata/metadata-schema.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { connectTo } from "../helpers/dump-to-memory.ts";
import { expectRefused, interrupt, ResumableBackups, removeWorks, worksIn } from "../helpers/resumable-backups.ts";
import { sharedServer } from "../helpers/shared-servers.ts";

let backups: ResumableBackups;
beforeAll(async () => {
  backups = await ResumableBackups.begin(await sharedServer(18));
});
afterAll(() => backups?.[Symbol.asyncDispose]());

test("killed with -9 again and again, and resumed: as if nothing had been, and the metadata tells", async () => {
  const repo = backups.path("killed");
  const args = backups.args(`--repo=${repo}`, "--jobs=4", "--split-larger-than=8192");
  const before = new Date();
  expect(await backups.killedOften(args, repo, 4, 3)).toBe(3);
  const { stdout } = await mustDbbackup(["list", `--repo=${repo}`, "--json"]);
  const [metadata, ...others] = JSON.parse(stdout.toString()) as BackupMetadata[];
  expect(others).toEqual([]);
  expect(worksIn(repo)).toEqual([]);
  const path = join(repo, metadata!.backup_file!);
  backups.expectWhole(path);
  await mustDbbackup(["verify", path]);
  await backups.expectRestorable(path);
  expect(artifactsOf(metadata!)).toEqual(artifactsOf(backups.metadata));
  expect(metadata!.objects).toEqual(backups.metadata.objects);
  expect(metadata!.resumed).toHaveLength(3);
  const times = [before.toISOString(), metadata!.timestamp, ...metadata!.resumed!, new Date().toISOString()];
  expect(times.toSorted()).toEqual(times);
});

/** But the table of contents, which holds its time. */
function artifactsOf({ artifacts }: BackupMetadata): unknown[] {
  return artifacts
    .map(({ name, ...rest }) => ({ ...rest, name: name.slice(name.lastIndexOf("/") + 1) }))
    .filter(({ name }) => name !== "toc.dat")
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

test("without a moment that several runs can see, or with another format, it is refused, and nothing is left", async () => {
  const { database } = backups.source;
  const repo = backups.path("refused");
  const args = ["backup", "single", database.name, `--url=${database.url}`, `--repo=${repo}`];
  await expectRefused([...args, "--resumable"], 2, /format custom is one file, and cannot be resumed/);
  await expectRefused([...args, "--resume", "--format=plain"], 2, /format plain is one file, and cannot be resumed/);
  await expectRefused(
    [...args, "--resumable", "--format=directory"],
    1,
    /would not show one moment: there is no --snapshot, and the server is no standby/,
    /pg_export_snapshot/,
  );
  await expectRefused([...args, "--resume", "--format=directory"], 1, /there is no interrupted backup of/);
  expect(readdirSync(repo)).toEqual([]);
});

test("an interrupted backup is resumed as it was begun, alone, and once; other runs leave it", async () => {
  const repo = backups.path("options");
  const args = backups.args(`--repo=${repo}`);
  await interrupt([...args, "--no-comments", "--exclude-table=t9"]);
  const [work] = worksIn(repo);
  await expectRefused(
    [...args, "--resume", "--exclude-table=t8", "--encoding=LATIN1"],
    1,
    /other options \(--exclude-table was another, --no-comments was given, --encoding was not given\)/,
  );
  const beside = await mustDbbackup([...args, "--table=t2"]);
  expect(beside.stderr).toMatch(/an interrupted backup of "test_\w+", begun at \S+, takes room in ".*\.tmp-/);
  expect(worksIn(repo)).toEqual([work]);
  const same = [...args, "--no-comments", "--exclude-table=t9", "--resume"];
  // Who waits for a table holds the work.
  await using locker = await connectTo(backups.source.database.server, backups.source.database.name);
  await locker.query("BEGIN; LOCK TABLE t1");
  const first = dbbackup([...same, "--jobs=3"]);
  await expect.poll(() => backups.waiting()).toBe(1);
  await expectRefused(same, 1, /another run is at work on it/);
  await locker.query("COMMIT");
  expect(await first).toMatchObject({ status: 0 });
  expect(worksIn(repo)).toEqual([]);
  await expectRefused(same, 1, /there is no interrupted backup of/, /nothing is left to do/);
});

test("files that were damaged meanwhile are written again; notes may be torn", async () => {
  const output = backups.path("damaged");
  const args = backups.args(`--output=${output}`);
  await interrupt(args, 170);
  const work = backups.path(worksIn(backups.path())[0]!);
  const notes = join(work, "notes");
  const lines = readFileSync(notes, "utf8").trimEnd().split("\n");
  const noted = lines.slice(1).map((line) => JSON.parse(line) as { file: string; size: number });
  const files = noted.filter(({ file, size }) => file.endsWith(".dat") && size > 100);
  expect(files.length).toBeGreaterThan(4);
  const [flipped, shorter, gone] = files.map(({ file }) => join(work, "1", file));
  const bytes = readFileSync(flipped!);
  bytes[40]! ^= 1;
  writeFileSync(flipped!, bytes);
  writeFileSync(shorter!, readFileSync(shorter!).subarray(1));
  rmSync(gone!);
  writeFileSync(join(work, "1", "foreign.dat"), "of nobody");
  writeFileSync(notes, `${lines.join("\n")}\n{"file":"9999.dat","si`);
  const told = args.map((arg) => arg.replace("--progress=none", "--progress=plain"));
  const { stderr } = await mustDbbackup([...told, "--resume"]);
  expect(stderr).toContain(`${noted.length - 3} files of it are there`);
  backups.expectWhole(output);
});

// The last one: it lets the snapshot go.
test("a table that was emptied between two runs is found: the snapshot may not see its rows any more", async () => {
  const repo = backups.path("altered");
  const args = backups.args(`--repo=${repo}`);
  const { database, holder } = backups.source;
  await interrupt(args, 100);
  await database.sql("ALTER TABLE t9 RENAME a TO b; ALTER TABLE t9 ADD COLUMN a text");
  const renamed = /a column of it got another name after the snapshot was taken.*\n.*public\.t9/;
  await expectRefused([...args, "--resume"], 1, renamed);
  await database.sql("SELECT nextval('counting'); ALTER TABLE empty1 ADD COLUMN later int; TRUNCATE t9");
  const emptied = /the table was emptied or rewritten after the snapshot was taken.*\n.*public\.t9/;
  await expectRefused([...args, "--resume"], 1, emptied, /what is done of the backup is kept in/);
  await expectRefused([...args, "--resumable"], 1, emptied);
  expect(worksIn(repo)).toHaveLength(1);
  await database.sql("DROP TABLE t10");
  await expectRefused([...args, "--resume"], 1, /tables of the snapshot were dropped, renamed or moved/);
  await holder.query("COMMIT");
  await expectRefused([...args, "--resume"], 1, /snapshot/, /must not end its transaction/);
  await removeWorks(repo);
});
