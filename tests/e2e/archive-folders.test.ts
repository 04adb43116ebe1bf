import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtProgram } from "../helpers/built-program.ts";
import { databaseContents } from "../helpers/database-contents.ts";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import { mustRun, runProgram } from "../helpers/run-program.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { TcpProxy } from "../helpers/tcp-proxy.ts";
import { databaseUrl, type TestDatabase, withDatabase } from "../helpers/test-database.ts";

let folder: string;
let database: TestDatabase;
let repo: string;
/** The backup in the repository, in directory format. */
let id: string;
let path: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-folders-"));
  chmodSync(folder, 0o755);
  repo = join(folder, "repo");
  database = await withDatabase(await sharedServer(18));
  await database.sql(`
    CREATE TABLE big AS SELECT i, md5(i::text) || md5((i + 1)::text) AS a, repeat(md5((i * 7)::text), 8) AS b
      FROM generate_series(1, 30000) i;
    CREATE TABLE small (x int, "odd "" name" text);
    INSERT INTO small VALUES (1, 'a'), (2, NULL);
    SELECT lo_from_bytea(16400, 'large'), lo_from_bytea(16401, ''), lo_from_bytea(4000000000, '\\x00ff');`);
  const { stdout } = await mustDbbackup([...backupTo("--repo", repo), "--format", "directory", "--json"]);
  const metadata = JSON.parse(stdout.toString());
  id = metadata.id;
  path = join(repo, metadata.backup_file);
});
afterAll(async () => {
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

function backupTo(...where: string[]): string[] {
  return backupFrom(database.url, ...where);
}

function backupFrom(url: string, ...where: string[]): string[] {
  return ["backup", "single", database.name, "--url", url, "--progress", "none", ...where];
}

/** A copy of the backup and its metadata under another name. */
function copyOf(name: string): string {
  const copy = join(folder, name);
  cpSync(path, copy, { recursive: true });
  cpSync(`${path}.meta.json`, `${copy}.meta.json`);
  return copy;
}

test("a directory in a repository is one backup: listed, shown, verified, compared, restored", async () => {
  expect(readdirSync(repo).toSorted()).toEqual([path, `${path}.meta.json`].map((file) => file.slice(repo.length + 1)));
  const [listed] = JSON.parse((await mustDbbackup(["list", "--repo", repo, "--json"])).stdout.toString());
  expect(listed).toMatchObject({ id, format: "directory", compression: "gzip-4" });
  const files = readdirSync(path).toSorted();
  const name = path.slice(repo.length + 1);
  const named = listed.artifacts.map((artifact: { name: string }) => artifact.name).toSorted();
  expect(named).toEqual(files.map((file) => `${name}/${file}`));
  expect(files.filter((file) => !/^(toc\.dat|\d+\.dat\.gz|blob_\d+\.dat\.gz|blobs_\d+\.toc)$/.test(file))).toEqual([]);
  expect((await mustDbbackup(["show", id, "--repo", repo])).stdout.toString()).toMatch(/more files \(--verbose/);

  const verified = await mustDbbackup(["verify", id, "--repo", repo]);
  expect(verified.stdout.toString()).toMatch(/^ok .*\n.*SHA-256 as recorded.*\n.*3 large objects.*as recorded\n$/);
  await mustDbbackup(["compare", database.url, id, "--repo", repo]);

  await using target = await withDatabase(database.server);
  const by = ["--target", target.name, "--url", target.url, "--repo", repo];
  await mustDbbackup(["restore", "single", `latest:${database.name}`, ...by]);
  const [ours, theirs] = [target, database].map(({ server, name: of }) => databaseContents(server, of));
  expect(await ours).toEqual(await theirs);
});

test("folder and metadata can be renamed together, and named by either", async () => {
  const copy = copyOf("renamed.dir");
  writeFileSync(join(copy, "notes.txt"), "not of the backup");
  for (const name of [copy, `${copy}/`]) expect((await dbbackup(["verify", name])).status, name).toBe(0);
  const original = await dbbackup(["verify", `${path}.meta.json`]);
  expect([original.status, original.stdout.toString()]).toEqual([0, expect.stringMatching(/^ok /)]);
});

test("a file that is changed, lost or replaced by a link is found, and nothing is restored from it", async () => {
  const largest = readdirSync(path).toSorted(
    (a, b) => readFileSync(join(path, b)).length - readFileSync(join(path, a)).length,
  );
  const cases: [string, (file: string) => void, RegExp][] = [
    ["changed", (file) => writeFileSync(file, flipped(readFileSync(file))), /its bytes have the SHA-256/],
    ["longer", (file) => appendFileSync(file, "x"), /it has \d+ bytes instead of/],
    ["lost", (file) => rmSync(file), /the file is missing/],
    [
      "linked",
      (file) => {
        renameSync(file, `${file}.moved`);
        symlinkSync(`${file}.moved`, file);
      },
      /the file is missing/,
    ],
  ];
  for (const [name, damage, message] of cases) {
    const copy = copyOf(name);
    damage(join(copy, largest[0]!));
    const { status, stdout } = await dbbackup(["verify", copy]);
    expect([status, stdout.toString()]).toEqual([4, expect.stringMatching(message)]);
    if (name === "longer" || name === "linked") continue;
    await using target = await withDatabase(database.server);
    const restored = await dbbackup(["restore", "single", copy, "--target", target.name, "--url", target.url]);
    expect([name, restored.status]).toEqual([name, 1]);
    expect(restored.stderr).toMatch(/is incomplete|nothing was touched/);
    if (name === "changed") continue; // Only known when it is read.
    expect(restored.stderr).toMatch(/nothing was touched/);
    expect(await target.sql("SELECT 1 FROM pg_class WHERE relname = 'small'")).toEqual([]);
  }
});

test("a backup whose folder lacks a file is told by list", async () => {
  const other = join(folder, "lacking");
  cpSync(repo, other, { recursive: true });
  rmSync(join(other, path.slice(repo.length + 1), "toc.dat"));
  const { status, stderr } = await dbbackup(["list", "--repo", other]);
  expect([status, stderr]).toEqual([3, expect.stringMatching(/toc\.dat" is missing/)]);
});

test("--output makes a folder, in the place of an empty one, and never touches another", async () => {
  const [empty, full] = [join(folder, "empty"), join(folder, "full")];
  for (const made of [empty, full]) mkdirSync(made);
  writeFileSync(join(full, "precious"), "");
  writeFileSync(join(folder, "file"), "");
  await mustDbbackup([...backupTo("--output", empty), "--format", "directory", "--compression", "zstd"]);
  expect(readdirSync(empty)).toContain("toc.dat");
  expect((await dbbackup(["verify", empty])).status).toBe(0);
  const refused: [string, number, RegExp][] = [
    [full, 1, /exists already/],
    [empty, 1, /exists already/],
    [join(folder, "file"), 1, /exists already/],
    ["-", 2, /takes one stream of bytes/],
    ["/dev/null", 2, /takes one stream of bytes/],
  ];
  for (const [output, status, message] of refused) {
    const { status: ended, stderr } = await dbbackup([...backupTo("--output", output), "--format", "directory"]);
    expect([output, ended, stderr]).toEqual([output, status, expect.stringMatching(message)]);
  }
  expect(readdirSync(full)).toEqual(["precious"]);
});

test("tar: compression is refused; stdout takes it, by way of a spool that is gone at the end", async () => {
  const refused = await dbbackup([...backupTo("--repo", repo), "--format", "tar", "--compression", "zstd"]);
  expect([refused.status, refused.stderr]).toEqual([2, expect.stringMatching(/tar format are not compressed/)]);
  const temporary = join(folder, "tmp");
  mkdirSync(temporary);
  const env = { TMPDIR: temporary };
  const { stdout } = await mustDbbackup([...backupTo("--output", "-"), "--format", "tar"], { env });
  expect(readdirSync(temporary)).toEqual([]);
  writeFileSync(join(folder, "out.tar"), stdout);
  expect((await dbbackup(["verify", join(folder, "out.tar")])).status).toBe(0);
  await mustRun("tar", ["-tf", join(folder, "out.tar")]);

  // From standard input, without a file.
  await using target = await withDatabase(database.server);
  const how = ["--target", target.name, "--url", target.url];
  await mustDbbackup(["restore", "single", "-", ...how], { input: stdout });
  expect((await target.sql("SELECT count(*) AS n FROM big"))[0]).toEqual({ n: "30000" });
});

test("psql restores restore.sql of an unpacked tar, large objects included", async () => {
  const unpacked = join(folder, "unpacked");
  mkdirSync(unpacked);
  await mustDbbackup([...backupTo("--output", join(folder, "x.tar")), "--format", "tar"]);
  await mustRun("tar", ["-xf", join(folder, "x.tar"), "-C", unpacked]);
  for (const name of readdirSync(unpacked)) chmodSync(join(unpacked, name), 0o644);
  const script = readFileSync(join(unpacked, "restore.sql"), "utf8").replaceAll("$$PATH$$", () => unpacked);
  await using target = await withDatabase(database.server);
  writeFileSync(join(unpacked, "edited.sql"), script.replaceAll(database.name, target.name));
  const url = database.url.replace(database.name, "postgres");
  await stock(18).must("psql", [
    "-X",
    "-q",
    "-v",
    "ON_ERROR_STOP=1",
    "-o",
    "/dev/null",
    "-f",
    join(unpacked, "edited.sql"),
    url,
  ]);
  const [ours, theirs] = [target, database].map(({ server, name }) => databaseContents(server, name));
  expect(await ours).toEqual(await theirs);
});

test.each(["directory", "tar"])("%s: kill -9 in the middle of the data leaves nothing, once swept", async (format) => {
  const place = join(folder, `killed-${format}`);
  mkdirSync(place);
  // The rows pass through this process, slowly: the backup is not over before somebody looks.
  await using proxy = await TcpProxy.start({ targetPort: database.server.port, delayMs: 5 });
  const slow = backupFrom(databaseUrl({ ...database.server, port: proxy.port }, database.name), "--repo", place);
  const child = spawn(process.execPath, [await builtProgram(), ...slow, "--format", format], { stdio: "ignore" });
  await expect.poll(() => readdirSync(place).length, { interval: 2 }).toBeGreaterThan(0);
  await sleep(100);
  child.kill("SIGKILL");
  await once(child, "exit");
  await mustDbbackup([...backupTo("--repo", place), "--format", format]);
  const [backup, metadata, ...others] = readdirSync(place).toSorted();
  expect([metadata, others]).toEqual([`${backup}.meta.json`, []]);
});

test.runIf(process.getuid?.() === 0 && process.platform === "linux").each(["directory", "tar"])(
  "%s: a full disk is said, and nothing is left",
  async (format) => {
    const place = join(folder, `tiny-${format}`);
    mkdirSync(place);
    await mustRun("mount", ["-t", "tmpfs", "-o", "size=1m", "dbbackup-test", place]);
    try {
      const { status, stderr } = await dbbackup([
        ...backupTo("--repo", place),
        "--format",
        format,
        "--compression",
        "none",
      ]);
      expect([status, stderr]).toEqual([1, expect.stringMatching(/no space left on the device/)]);
      expect(readdirSync(place)).toEqual([]);
    } finally {
      expect((await runProgram("umount", [place])).status).toBe(0);
    }
  },
);

function flipped(bytes: Buffer): Buffer {
  bytes[bytes.length >> 1]! ^= 4;
  return bytes;
}
