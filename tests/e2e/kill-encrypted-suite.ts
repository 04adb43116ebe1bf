import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { builtProgram } from "../helpers/built-program.ts";
import { dbbackup, foreignVariables, mustDbbackup } from "../helpers/dbbackup.ts";
import { newKeyFile } from "../helpers/key-file.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { withDatabase } from "../helpers/test-database.ts";

const preload = resolve(import.meta.dirname, "..", "helpers", "fault-preload.ts");
const commands = ["backup", "rotate", "re-encrypt"] as const;

interface KillRequest {
  readonly points: number;
  readonly seed: number;
  /** Without them all. */
  readonly only?: (typeof commands)[number];
}

interface Listed {
  readonly id: string;
  readonly re_encrypted?: { readonly from: string };
}

/** kill -9 of every command that writes what is encrypted, at seeded points: nothing that was finished is lost or unreadable. */
export function killEncryptedSuite({ points, seed, only }: KillRequest): void {
  test.each(commands.filter((command) => only === undefined || command === only))(
    `%s that is killed at ${points} points loses nothing, and goes on`,
    async (command) => {
      await using temporary = await withTemporaryFolder();
      const folder = temporary.path;
      await using database = await withDatabase(await sharedServer(18));
      await database.sql("CREATE TABLE t AS SELECT i, md5(i::text) AS hash FROM generate_series(1, 20000) i");
      const [a, b] = ["a", "b"].map((name) => ["--key-file", newKeyFile(join(folder, name))]) as [string[], string[]];
      const login = ["--url", database.url, "--encrypt", ...a];
      const template = join(folder, "template");
      const backup = (repo: string, ...more: readonly string[]) => [
        "backup",
        "single",
        database.name,
        "--repo",
        repo,
        ...login,
        ...more,
      ];
      await mustDbbackup(backup(template));
      await mustDbbackup(backup(template, "--format", "directory"));
      const before = await list(template);
      const rotate = (repo: string, ...more: readonly string[]) => {
        const args = ["keys", "rotate", "--all", "--repo", repo, ...a, "--new-key-file", b[1]!];
        return [...args, ...more];
      };
      const argsOf = (repo: string): readonly string[] => {
        if (command === "backup") return backup(repo);
        return command === "rotate" ? rotate(repo) : rotate(repo, "--re-encrypt", "--remove-old");
      };
      const random = seeded(seed + commands.indexOf(command));
      let killed = 0;
      for (let point = 0; point < points; point++) {
        const repo = join(folder, `${command}-${point}`);
        cpSync(template, repo, { recursive: true });
        const moment = momentOf(random);
        const what = `${command} ${point}: ${JSON.stringify(moment)}`;
        if (await isKilled(argsOf(repo), moment)) killed++;
        await expectReadable(repo, before, { a, b }, what);
        await mustDbbackup(argsOf(repo));
        await expectReadable(repo, before, { a, b }, `${what}, again`);
        if (command === "backup") continue;
        const after = await list(repo);
        expect(after, what).toHaveLength(before.length);
        expect(await status(repo, after, b), what).toBe(0);
      }
      // Points that a run does not come to are no points.
      expect(killed).toBeGreaterThanOrEqual(Math.ceil(points / 3));
    },
  );
}

/** Each backup that was there opens with the old key; or one that was made of it opens with the new one. */
async function expectReadable(
  repo: string,
  before: readonly Listed[],
  { a, b }: { readonly a: readonly string[]; readonly b: readonly string[] },
  what: string,
): Promise<void> {
  const found = await list(repo);
  const kept = before.filter(({ id }) => found.some((one) => one.id === id));
  const replaced = before.filter((one) => !kept.includes(one));
  const successors = replaced.map(({ id }) => found.find((one) => one.re_encrypted?.from === id));
  expect(successors, what).not.toContain(undefined);
  if (kept.length > 0) expect(await status(repo, kept, a), what).toBe(0);
  if (successors.length > 0) expect(await status(repo, successors as Listed[], b), what).toBe(0);
}

async function list(repo: string): Promise<readonly Listed[]> {
  return JSON.parse((await mustDbbackup(["list", "--repo", repo, "--json"])).stdout.toString());
}

async function status(repo: string, backups: readonly Listed[], key: readonly string[]): Promise<number> {
  return (await dbbackup(["verify", "--no-record", ...backups.map(({ id }) => id), "--repo", repo, ...key])).status;
}

type Moment = { readonly fault: string } | { readonly afterMs: number };

/** Mostly at a call of the file system, now and then at a time. */
function momentOf(random: () => number): Moment {
  if (random() < 0.2) return { afterMs: 100 + 300 * random() };
  const calls = ["fsync", "link", "unlink", "open", "rmdir"];
  const call = calls[Math.floor(random() * calls.length)]!;
  const when = random() < 0.5 ? "before" : "after";
  return { fault: `kill-${when}:${call}:${1 + Math.floor(random() * 6)}` };
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

async function isKilled(args: readonly string[], moment: Moment): Promise<boolean> {
  const isFault = "fault" in moment;
  const env = { ...process.env, ...foreignVariables, ...(isFault ? { DBBACKUP_TEST_FAULT: moment.fault } : {}) };
  const before = isFault ? ["--import", preload] : [];
  const child = spawn(process.execPath, [...before, await builtProgram(), ...args], { stdio: "ignore", env });
  const ended = once(child, "exit");
  if (!isFault) {
    await Promise.race([ended, sleep(moment.afterMs)]);
    child.kill("SIGKILL");
  }
  const [, signal] = (await ended) as [number | null, string | null];
  return signal === "SIGKILL";
}
