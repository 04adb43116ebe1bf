import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as readText } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { formatMetadata } from "../../src/core/metadata/format-metadata.ts";
import type { BackupMetadata } from "../../src/core/metadata/metadata-schema.ts";
import { builtProgram } from "../helpers/built-program.ts";
import { dbbackup as runDbbackup } from "../helpers/dbbackup.ts";
import type { Finished } from "../helpers/run-program.ts";

let folder: string;
let repository: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-repo-"));
  repository = join(folder, "repo");
  mkdirSync(repository);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ids = ["0197a3c2-0000-7000-8000-000000000001", "0197a3c2-0000-7000-8000-000000000002"] as const;

/** Puts a backup of ten bytes into the repository. */
function putBackup(name: string, fields: Partial<BackupMetadata> = {}): BackupMetadata {
  const metadata: BackupMetadata = {
    version: "4.0",
    format_version: 1,
    id: ids[0],
    timestamp: "2026-11-20T10:00:00.000Z",
    database: "shop",
    database_type: "postgresql",
    database_version: "18.4",
    backup_type: "full",
    format: "custom",
    compression: "gzip-4",
    size_bytes: 10,
    artifacts: [{ name, size: 10 }],
    not_included: [{ kind: "roles", count: 3, examples: ["ann\u001b[2J", "bob"], hint: "dump them" }],
    ...fields,
  };
  writeFileSync(join(repository, name), "0123456789");
  writeFileSync(join(repository, `${name}.meta.json`), formatMetadata(metadata));
  return metadata;
}

function dbbackup(...args: string[]): Promise<Finished> {
  return runDbbackup([...args, "--repo", repository], { cwd: folder });
}

test("list shows what is there, oldest first, as a table and as JSON", async () => {
  const second = putBackup("b.dump", { id: ids[1], timestamp: "2026-11-20T11:00:00.000Z", database: "größe" });
  const first = putBackup("a.dump");
  writeFileSync(join(repository, "foreign.dump"), "not listed");
  const text = await dbbackup("list");
  expect(text.status).toBe(0);
  const lines = text.stdout.toString().trimEnd().split("\n");
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^ID +DATABASE +TIME \(UTC\) +AGE +SIZE +KIND +FORMAT +VERIFIED$/);
  expect(lines[1]).toMatch(new RegExp(`^${ids[0]}  shop +2026-11-20 10:00:00 .* 10 B  full  custom, gzip-4  never$`));
  expect(lines[2]).toContain("größe");
  const json = await dbbackup("list", "--json");
  expect(JSON.parse(json.stdout.toString())).toEqual([first, second]);
  expect(json.stderr).toBe("");
});

test("an empty repository is said to be empty; a missing one is an error", async () => {
  const empty = await dbbackup("list", "--json");
  expect([empty.status, JSON.parse(empty.stdout.toString())]).toEqual([0, []]);
  rmSync(repository, { recursive: true });
  const missing = await dbbackup("list");
  expect(missing.status).toBe(1);
  expect(missing.stderr).toMatch(/listing failed: no such file or folder/);
});

test("list goes on past what is broken, names it, and ends with 3", async () => {
  putBackup("a.dump");
  putBackup("b.dump", { id: ids[1] });
  rmSync(join(repository, "b.dump"));
  writeFileSync(join(repository, "c.dump.meta.json"), "{");
  const { status, stdout, stderr } = await dbbackup("list");
  expect(status).toBe(3);
  expect(stdout.toString().split("\n")).toHaveLength(4);
  expect(stderr).toMatch(/"b.dump" is missing/);
  expect(stderr).toMatch(/not readable as metadata[\s\S]*c\.dump\.meta\.json/);
});

test.each([
  ["an id", ids[0]],
  ["latest", "latest:shop"],
  ["the artifact's name", "a.dump"],
  ["a path", "repo/a.dump"],
  ["the metadata's path", "./repo/a.dump.meta.json"],
  ["a link to it", "link"],
])("show finds a backup by %s", async (_, argument) => {
  const metadata = putBackup("a.dump");
  putBackup("old.dump", { id: ids[1], timestamp: "2025-01-01T00:00:00Z" });
  symlinkSync("repo/a.dump", join(folder, "link"));
  const { status, stdout } = await dbbackup("show", argument, "--json");
  expect(status).toBe(0);
  expect(JSON.parse(stdout.toString())).toEqual(metadata);
});

test("show tells people what is in it and what is not, without obeying its bytes", async () => {
  putBackup("a.dump", { objects: [{ type: "table", schema: "public", name: "t", rows: 1234, bytes: 5678 }] });
  const { stdout } = await dbbackup("show", "latest:shop");
  expect(stdout.toString()).toMatch(/public\.t +1,234 +5\.5 KiB/);
  expect(stdout.toString()).toMatch(/3 roles: ann\\x1b\[2J, bob, \.\.\./);
});

test.each([
  ["0197", /beginning of 2 ids/, 2],
  ["019", /no file and no backup "019"/, 1],
  ["latest:other", /no backup of database "other"/, 1],
  ["nothing", /no file and no backup "nothing"/, 1],
  ["./nothing", /no file ".\/nothing"/, 1],
  ["repo", /is a folder/, 1],
])("show %s is refused", async (argument, message, expected) => {
  putBackup("a.dump");
  putBackup("b.dump", { id: ids[1] });
  const { status, stderr } = await dbbackup("show", argument);
  expect(stderr).toMatch(message);
  expect(status).toBe(expected);
});

test("latest never takes a part for the whole, nor a cluster for a database of that name", async () => {
  const earlier = { id: ids[1], timestamp: "2025-01-01T00:00:00Z" };
  putBackup("old.dump", earlier);
  putBackup("part.dump", { partial: ["--table=orders"] });
  const part = await dbbackup("show", "latest:shop");
  expect(part.status).toBe(2);
  expect(part.stderr).toContain('the latest backup of "shop" holds a part of it only');
  expect(part.stderr).toContain(`${ids[1]} 2025-01-01T00:00:00Z database "shop"\n`);
  expect(part.stderr).toContain(`${ids[0]} 2026-11-20T10:00:00.000Z database "shop", a part: --table=orders`);
  putBackup("old.dump", { ...earlier, database: "cluster" });
  expect((await dbbackup("show", "latest:shop")).stdout.toString()).toContain("--table=orders");
  expect((await dbbackup("show", "latest:cluster")).status).toBe(0);
  putBackup("part.dump", { database: "cluster", scope: "cluster", artifacts: [{ name: "c/globals.sql", size: 10 }] });
  const either = await dbbackup("show", "latest:cluster");
  expect([either.status, either.stderr]).toEqual([2, expect.stringContaining('"cluster" is a database, and the name')]);
  const { stdout } = await dbbackup("list");
  expect(stdout.toString()).toMatch(/full +custom[\s\S]*full, cluster +custom/);
});

test("a file without metadata is not called a backup of ours", async () => {
  writeFileSync(join(folder, "foreign.dump"), "");
  const { status, stderr } = await dbbackup("show", "foreign.dump");
  expect(status).toBe(1);
  expect(stderr).toContain("no metadata beside this file");
});

test("whoever stops reading the output has seen enough", async () => {
  putBackup("a.dump");
  const program = await builtProgram();
  const child = spawn(process.execPath, [program, "list", "--json", "--repo", repository], { stdio: "pipe" });
  child.stdout.destroy();
  const [[status], stderr] = await Promise.all([once(child, "exit"), readText(child.stderr)]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test.runIf(process.getuid?.() === 0)(
  "a repository that this user may not read is refused with the reason",
  async () => {
    chmodSync(repository, 0o700);
    chmodSync(folder, 0o755);
    const { status, stderr } = await runDbbackup(["list", "--repo", repository], { uid: 65534, gid: 65534, cwd: "/" });
    expect(status).toBe(1);
    expect(stderr).toMatch(/permission denied[\s\S]*hint: run as a user who may/);
  },
);

test.runIf(process.platform === "linux")("what was typed as a password is seen in no list of processes", async () => {
  const args = ["backup", "single", "x", "--host", "192.0.2.1", "--password", "hunter2-typed", "--repo", repository];
  const program = await builtProgram();
  const connecting = spawn(process.execPath, [program, ...args], { stdio: "pipe" });
  try {
    await once(connecting.stderr, "data");
    const command = readFileSync(`/proc/${connecting.pid}/cmdline`, "utf8");
    expect(command).not.toContain("hunter2");
    expect(command).toContain("dbbackup backup single");
  } finally {
    connecting.kill("SIGKILL");
    await once(connecting, "exit");
  }
});
