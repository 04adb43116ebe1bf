import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { SqliteCatalogue } from "../../src/catalogue/sqlite-catalogue.ts";
import { recordOperation } from "../../src/commands/catalogue/record-operation.ts";
import { BackupError } from "../../src/core/backup-error.ts";
import { monotonic } from "../../src/core/monotonic.ts";
import { dbbackupHere } from "../helpers/dbbackup-here.ts";
import { plantBackup } from "../helpers/planted-backup.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

interface Entry {
  readonly command: string;
  readonly database: string | null;
  readonly repository: string | null;
  readonly outcome: string;
  readonly error: { readonly code: string; readonly message: string | null } | null;
}

async function historyOf(file: string, ...more: readonly string[]): Promise<readonly Entry[]> {
  const { stdout } = await dbbackupHere(["history", "--json", "--catalogue", file, ...more]);
  return JSON.parse(stdout.toString()) as readonly Entry[];
}

test("that nothing was done yet, or nothing that was asked for, is said", async () => {
  await using temporary = await withTemporaryFolder();
  const catalogue = ["--catalogue", join(temporary.path, "catalogue.sqlite")];
  const { stderr: none } = await dbbackupHere(["history", ...catalogue]);
  expect(none.toString()).toContain("the catalogue of this machine has no operations yet\n");
  const { stderr: chosen } = await dbbackupHere(["history", "--failed", ...catalogue]);
  expect(chosen.toString()).toContain("the catalogue of this machine has no such operation\n");
});

test("what was done is told with its outcome and error, newest first; secrets are nowhere in the file", async () => {
  await using temporary = await withTemporaryFolder();
  const folder = temporary.path;
  const file = join(folder, "state", "catalogue.sqlite");
  const backup = plantBackup(folder, "shop", 1);
  const repository = ["--repo", folder, "--catalogue", file];
  expect((await dbbackupHere(["verify", backup.id, ...repository])).status).not.toBe(0);
  for (const command of ["hold", "release"]) {
    expect((await dbbackupHere([command, backup.id, ...repository])).status).toBe(0);
  }
  expect((await dbbackupHere(["cloud", "delete", backup.id, "--confirm", ...repository])).status).toBe(0);
  const url = "postgres://backup:Geh31m@127.0.0.1:1/shop";
  expect((await dbbackupHere(["backup", "single", "shop", "--url", url, ...repository])).status).toBe(1);
  const entries = await historyOf(file);
  const commands = ["backup single", "cloud delete", "release", "hold", "verify"];
  expect(entries.map(({ command }) => command)).toEqual(commands);
  expect(entries[0]).toMatchObject({ database: "shop", repository: folder, outcome: "failed" });
  expect(entries[0]!.error!.code).toBe("CONNECT");
  expect(entries[1]).toMatchObject({ outcome: "done", error: null });
  expect(await historyOf(file, "--failed", "--limit", "1")).toHaveLength(1);
  expect((await historyOf(file, "--database", "s?o*")).map(({ command }) => command)).toEqual(commands);
  expect(await historyOf(file, "--database", "SHOP")).toEqual([]);
  expect(await historyOf(file, "--since", "1h")).toHaveLength(commands.length);
  const table = await dbbackupHere(["history", "--catalogue", file]);
  expect(table.stdout.toString()).toMatch(/BEGAN.*\n.*backup single +shop +failed/);
  expect(readFileSync(file).includes("Geh31m")).toBe(false);
  expect([statSync(file).mode & 0o777, statSync(join(folder, "state")).mode & 0o777]).toEqual([0o600, 0o700]);
});

test("what is interrupted or refused is told as such, and nothing that may be sealed is kept of errors", async () => {
  await using temporary = await withTemporaryFolder();
  const file = join(temporary.path, "state", "catalogue.sqlite");
  const catalogue = new SqliteCatalogue(file, "1");
  const clock = { now: () => new Date(), monotonic };
  const stop = new AbortController();
  const run = async (isSealed: boolean, signal: AbortSignal, error: Error) => {
    const work = () => Promise.reject(error);
    const start = { command: "backup single", database: "shop", isSealed };
    await expect(recordOperation(start, catalogue, clock, signal, work)).rejects.toBe(error);
  };
  const error = new BackupError({ code: "SERVER", message: 'no right to read "secret_plans"', object: "secret_plans" });
  await run(true, stop.signal, error);
  expect(readFileSync(file).includes("secret_plans") || readFileSync(`${file}-wal`).includes("secret_plans")).toBe(
    false,
  );
  await run(false, stop.signal, error);
  await run(false, stop.signal, new BackupError({ code: "CONFIRM_REQUIRED", message: "it is not empty" }));
  stop.abort(new BackupError({ code: "INTERRUPTED", message: "interrupted" }));
  await run(false, stop.signal, new Error("the connection is closed"));
  const told = catalogue.operations({ limit: 9 }).map(({ state, errorCode, error: text }) => [state, errorCode, text]);
  catalogue.close();
  expect(told.toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
    ["failed", "SERVER", undefined],
    ["failed", "SERVER", 'no right to read "secret_plans"'],
    ["interrupted", "INTERRUPTED", "interrupted"],
    ["refused", "CONFIRM_REQUIRED", "it is not empty"],
  ]);
});

test("a catalogue that cannot be used keeps nobody from anything, and is told of once", async () => {
  await using temporary = await withTemporaryFolder();
  const folder = temporary.path;
  const backup = plantBackup(folder, "shop", 1);
  const damaged = join(folder, "damaged");
  writeFileSync(damaged, "this is no database ".repeat(1000), { mode: 0o600 });
  const newer = join(folder, "newer");
  new SqliteCatalogue(newer, "1").close();
  const database = new DatabaseSync(newer);
  database.exec("pragma user_version = 99");
  database.close();
  const shared = join(folder, "shared");
  writeFileSync(shared, "", { mode: 0o600 });
  chmodSync(shared, 0o666);
  const unwritable = "/proc/nothing/catalogue.sqlite";
  for (const file of [damaged, newer, shared, unwritable]) {
    const release = ["cloud", "delete", backup.id, "--repo", folder, "--catalogue", file, "--confirm", "--dry-run"];
    expect((await dbbackupHere(release)).status).toBe(0);
    const cleanup = await dbbackupHere(["cleanup", "--repo", folder, "--catalogue", file]);
    expect(cleanup.status).toBe(0);
    expect(cleanup.stderr.match(/warning: the catalogue/g)).toHaveLength(1);
    expect((await dbbackupHere(["history", "--catalogue", file])).status).toBe(2);
  }
  expect(readFileSync(damaged, "utf8")).toMatch(/^this is no database/);
});

const script = `
  const { SqliteCatalogue } = await import(process.argv[1]);
  const catalogue = new SqliteCatalogue(process.argv[2], "1");
  const known = catalogue.repository("/somewhere");
  for (let round = 0; round < 50; round++) {
    const id = catalogue.beginOperation({ command: "test " + process.argv[3], startedAt: new Date() });
    const object = { key: process.argv[3] + "-" + round, size: 1, modified: new Date(1) };
    known.remember([{ object, text: "{}", brief: { common: "[]", own: "[1]" } }]);
    if (known.textOf(object) !== "{}" || known.briefOf(object).own !== "[1]") throw new Error("lost");
    if (round < 49) catalogue.endOperation(id, { outcome: "done", durationSeconds: 0 });
  }
  console.log("written");
  process.stdin.resume();
`;

async function ready(child: ChildProcess): Promise<void> {
  const [text] = (await once(child.stdout!, "data")) as [Buffer];
  expect(text.toString()).toBe("written\n");
}

test("processes that make and write one catalogue at once lose nothing; what was killed is told as without an end", async () => {
  await using temporary = await withTemporaryFolder();
  const folder = temporary.path;
  const file = join(folder, "catalogue.sqlite");
  const module = join(import.meta.dirname, "../../src/catalogue/sqlite-catalogue.ts");
  const children = ["a", "b", "c", "d"].map((name) =>
    spawn(process.execPath, ["--input-type=module", "-e", script, module, file, name], {
      stdio: ["pipe", "pipe", "inherit"],
    }),
  );
  try {
    await Promise.all(children.map(ready));
    const catalogue = new SqliteCatalogue(file, "1");
    const states = () => catalogue.operations({ limit: 1000 }).map(({ state }) => state);
    expect(states()).toHaveLength(200);
    expect(states().filter((state) => state === "running")).toHaveLength(4);
    const [first] = children;
    first!.kill("SIGKILL");
    await once(first!, "exit");
    expect(states().filter((state) => state === "running")).toHaveLength(3);
    expect(catalogue.operations({ limit: 9, failed: true }).map(({ state }) => state)).toEqual(["lost"]);
    catalogue.close();
    const database = new DatabaseSync(file);
    expect(database.prepare("select count(*) as n from objects").get()).toEqual({ n: 200 });
    // As if it had been copied from another machine.
    database.exec("update machine set id = 'another'");
    database.close();
    const copied = new SqliteCatalogue(file, "1");
    expect(copied.repositories()).toEqual([]);
    expect(copied.operations({ limit: 1000 })).toHaveLength(200);
    copied.close();
  } finally {
    for (const child of children) child.kill("SIGKILL");
  }
});
