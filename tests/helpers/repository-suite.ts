import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { builtProgram } from "./built-program.ts";
import { foreignVariables, mustDbbackup } from "./dbbackup.ts";
import { mustDbbackupHere } from "./dbbackup-here.ts";
import { newKeyFile } from "./key-file.ts";
import { type TestDatabase, withDatabase } from "./test-database.ts";

/** A repository on a server, and what the server itself tells of it. */
export interface ServedRepository {
  /** What is backed up: larger than the first part of an upload, as it is stored. */
  readonly database: TestDatabase;
  /** For the program; those of this process must be the same. HOME is one of them. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What `--repo` is given. */
  url(prefix: string): string;
  /** Names below the prefix, without it. */
  objects(prefix: string): Promise<readonly string[]>;
  /** Names of what is being uploaded, and is no object yet. */
  uploads(prefix: string): Promise<readonly string[]>;
  /** Nobody can list uploads but who began them; the service forgets those of dead runs by itself. */
  readonly forgetsUploads?: boolean;
  /** The first 8 bytes of an object. */
  beginning(prefix: string, name: string): Promise<Buffer>;
}

/** Backups go to a server and come back, and what a killed run leaves there is removed. */
export function repositorySuite(name: string, served: () => ServedRepository): void {
  test(`${name}: a backup goes there, is listed, shown, verified and restored from there, and is what it was`, async () => {
    const { database, env, url } = served();
    const repo = ["--repo", url("custom")];
    const what = ["backup", "single", database.name, "--url", database.url, "--json", "--compression", "none", ...repo];
    const made = JSON.parse((await mustDbbackup(what, { env })).stdout.toString());
    await expectStored(served(), "custom", made);
    expect(JSON.parse(await here("list", ...repo, "--json"))).toEqual([expect.objectContaining({ id: made.id })]);
    expect(JSON.parse(await here("show", made.id, ...repo, "--json")).id).toBe(made.id);
    await expectRestored(served(), `latest:${database.name}`, repo, async (args) => {
      await mustDbbackup(args, { env });
    });
  });

  test(`${name}: a directory that is encrypted arrives so, and comes back`, async () => {
    const { database, url, beginning } = served();
    const folder = mkdtempSync(join(tmpdir(), "dbbackup-sealed-"));
    try {
      const repo = ["--repo", url("sealed"), "--key-file", newKeyFile(join(folder, "backup.key"))];
      const what = ["backup", "single", database.name, "--url", database.url, "--json", "--encrypt", ...repo];
      const made = JSON.parse(await here(...what, "--format", "directory", "--jobs", "2"));
      await expectStored(served(), "sealed", made);
      expect((await beginning("sealed", made.artifacts[0].name)).toString("latin1")).toBe("DBBKENC1");
      expect(JSON.parse(await here("verify", made.id, ...repo, "--json"))[0]).toMatchObject({ status: "ok" });
      await expectRestored(served(), made.id, [...repo, "--jobs", "2"], async (args) => {
        await here(...args);
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test(`${name}: backups that begin at the same moment are all whole, under names of their own`, async () => {
    const { database, url } = served();
    const repo = ["--repo", url("at-once")];
    const what = ["backup", "single", database.name, "--url", database.url, "--json", "--compression", "none", ...repo];
    const made = await Promise.all([0, 1].map(async () => JSON.parse(await here(...what))));
    const ids = made.map(({ id }) => id);
    expect(JSON.parse(await here("list", ...repo, "--json"))).toHaveLength(2);
    const verified = JSON.parse(await here("verify", ...ids, ...repo, "--json"));
    expect(verified.map(({ status }: { status: string }) => status)).toEqual(["ok", "ok"]);
  });

  // The last: a service that forgets uploads has not done so yet.
  test(`${name}: what a run leaves that is killed in mid-upload counts for nothing, and cleanup removes it`, async () => {
    const { database, env, url, objects, uploads, forgetsUploads = false } = served();
    const repo = ["--repo", url("cleaned")];
    const what = ["backup", "single", database.name, "--url", database.url, ...repo];
    await killedInUpload(served(), "cleaned", [...what, "--compression", "none", "--max-rate", "8MB", "--jobs", "1"]);
    const left = await uploads("cleaned");
    expect(JSON.parse(await here("list", ...repo, "--json"))).toEqual([]);
    const clean = async (...args: readonly string[]) =>
      JSON.parse((await mustDbbackup(["cleanup", ...repo, "--json", ...args], { env })).stdout.toString());
    const before = await objects("cleaned");
    expect(await clean("--dry-run")).toMatchObject({ dry_run: true, runs: 1, objects: [], unfinished: [] });
    expect([await objects("cleaned"), await uploads("cleaned")]).toEqual([before, left]);
    expect(await clean()).toMatchObject({ dry_run: false, runs: 1, objects: [], unfinished: [] });
    expect([await objects("cleaned"), await uploads("cleaned")]).toEqual([[], forgetsUploads ? left : []]);
    expect(await here("cleanup", ...repo)).toContain("0 runs");
  });
}

/** Runs the program until something is on its way, and kills it. The last of `args` are its options. */
export async function killedInUpload(
  { env, uploads }: Pick<ServedRepository, "env" | "uploads">,
  prefix: string,
  args: readonly string[],
): Promise<void> {
  const running = spawn(process.execPath, [await builtProgram(), ...args], {
    env: { ...process.env, ...foreignVariables, ...env },
    stdio: "ignore",
  });
  const ended = once(running, "exit");
  while ((await uploads(prefix)).length === 0 && running.exitCode === null) await sleep(20);
  running.kill("SIGKILL");
  await ended;
  expect(await uploads(prefix)).toHaveLength(1);
}

async function here(...args: readonly string[]): Promise<string> {
  return (await mustDbbackupHere(args)).stdout.toString();
}

/** Nothing else is there. */
async function expectStored(
  { objects, uploads }: ServedRepository,
  prefix: string,
  made: { readonly backup_file: string; readonly artifacts: readonly { readonly name: string }[] },
): Promise<void> {
  const metadata = `${made.backup_file.replace(/\.enc$/, "")}.meta.json`;
  expect((await objects(prefix)).toSorted()).toEqual([...made.artifacts.map(({ name }) => name), metadata].toSorted());
  expect(await uploads(prefix)).toEqual([]);
}

async function expectRestored(
  { database }: ServedRepository,
  backup: string,
  options: readonly string[],
  run: (args: readonly string[]) => Promise<void>,
): Promise<void> {
  await using restored = await withDatabase(database.server);
  await run(["restore", "single", backup, ...options, "--url", restored.url, "--target", restored.name]);
  expect(JSON.parse(await here("compare", database.url, restored.url, "--json"))).toMatchObject({ equal: true });
}
