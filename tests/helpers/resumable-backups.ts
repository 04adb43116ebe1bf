import { readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect } from "vitest";
import type { BackupMetadata } from "../../src/core/metadata/metadata-schema.ts";
import { databaseContents } from "./database-contents.ts";
import { dbbackup, mustDbbackup } from "./dbbackup.ts";
import { type HeldDatabase, holdDatabase } from "./resumable-source.ts";
import type { Finished } from "./run-program.ts";
import { withTemporaryFolder } from "./temporary-folder.ts";
import { type TestDatabase, withDatabase } from "./test-database.ts";

const preload = resolve(import.meta.dirname, "fault-preload.ts");

/** Backups of a held snapshot in format directory, uncompressed, and one of them that nobody interrupted. */
export class ResumableBackups implements AsyncDisposable {
  readonly source: HeldDatabase;
  readonly #folder: { readonly path: string } & AsyncDisposable;
  /** Of the one that nobody interrupted. */
  readonly metadata: BackupMetadata;
  readonly #whole: ReadonlyMap<string, Buffer>;

  static async begin(server: TestDatabase["server"]): Promise<ResumableBackups> {
    const source = await holdDatabase(server);
    const folder = await withTemporaryFolder();
    const output = join(folder.path, "whole");
    const { stdout } = await mustDbbackup([...backupOf(source), `--output=${output}`, "--json"]);
    return new ResumableBackups(source, folder, JSON.parse(stdout.toString()) as BackupMetadata, filesOf(output));
  }

  private constructor(
    source: HeldDatabase,
    folder: { readonly path: string } & AsyncDisposable,
    metadata: BackupMetadata,
    whole: ReadonlyMap<string, Buffer>,
  ) {
    this.source = source;
    this.#folder = folder;
    this.metadata = metadata;
    this.#whole = whole;
  }

  /** A backup of the held snapshot; where to, and whether it can be resumed, is to be added. */
  args(...more: string[]): string[] {
    return [...backupOf(this.source), ...more];
  }

  path(name = ""): string {
    return join(this.#folder.path, name);
  }

  /** The same files as those of the backup that nobody interrupted. */
  expectWhole(path: string): void {
    const files = filesOf(path);
    expect([...files.keys()]).toEqual([...this.#whole.keys()]);
    for (const [name, bytes] of files) {
      // A table of contents has its time within the first bytes.
      const from = name === "toc.dat" ? 64 : 0;
      expect(bytes.subarray(from).equals(this.#whole.get(name)!.subarray(from)), name).toBe(true);
    }
  }

  /** What is restored is what the database held when the snapshot was taken. */
  async expectRestorable(path: string): Promise<void> {
    await using target = await withDatabase(this.source.database.server);
    await mustDbbackup(["restore", "single", path, `--target=${target.name}`, `--url=${target.url}`, "--jobs=2"]);
    expect(await databaseContents(target.server, target.name)).toEqual(this.source.expected);
  }

  /** Sessions of backups that wait for a lock. */
  async waiting(): Promise<number> {
    const { database } = this.source;
    const rows = await database.sql(
      `SELECT FROM pg_stat_activity WHERE datname = '${database.name}' AND application_name LIKE 'dbbackup %'
       AND wait_event_type = 'Lock'`,
    );
    return rows.length;
  }

  /**
   * Runs a backup that dies again and again at moments that depend on `seed`, at most so often, and then one that does not.
   * Answers how often it died.
   */
  async killedOften(args: readonly string[], repo: string, seed: number, most: number): Promise<number> {
    await interrupt(args, 60 + (seed % 40));
    const isThere = (): boolean => readdirSync(repo).some((name) => name.endsWith(".meta.json"));
    let random = seed;
    let kills = 1;
    while (kills < most && !isThere()) {
      random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
      // To look at what is there takes a third of them.
      const { status, stderr } = await withFault(
        [...args, "--resume"],
        `kill-before:any:${60 + ((random >>> 8) % 120)}`,
      );
      expect([0, 137], stderr).toContain(status);
      if (status === 137) kills++;
    }
    // Where the last moment was when the metadata was there, nothing is left to be resumed.
    if (!isThere()) await resumed(args);
    return kills;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.source[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}

function backupOf({ database, snapshot }: HeldDatabase): string[] {
  const shape = ["--format=directory", "--compression=none", `--snapshot=${snapshot}`, "--progress=none"];
  return ["backup", "single", database.name, `--url=${database.url}`, ...shape];
}

function filesOf(path: string): Map<string, Buffer> {
  const names = readdirSync(path).toSorted();
  return new Map(names.map((name) => [name, readFileSync(join(path, name))]));
}

export function withFault(args: readonly string[], fault: string): Promise<Finished> {
  return dbbackup(args, { env: { DBBACKUP_TEST_FAULT: fault } }, ["--import", preload]);
}

/** Begins a backup that dies when so much of its work with files is done. */
export async function interrupt(args: readonly string[], step = 150): Promise<void> {
  const { status, stderr } = await withFault([...args, "--resumable"], `kill-before:any:${step}`);
  expect([status, stderr]).toEqual([137, ""]);
}

/** Goes on with a backup to its end. */
export async function resumed(args: readonly string[]): Promise<BackupMetadata> {
  const { stdout } = await mustDbbackup([...args, "--resume", "--json"]);
  return JSON.parse(stdout.toString()) as BackupMetadata;
}

/** Runs that ended otherwise, and what they must say. */
export async function expectRefused(
  args: readonly string[],
  status: number,
  ...messages: (RegExp | string)[]
): Promise<void> {
  const refused = await dbbackup(args);
  for (const message of messages) expect(refused.stderr).toMatch(message);
  expect(refused.status).toBe(status);
}

/** Unfinished works in a folder. */
export function worksIn(repo: string): string[] {
  return readdirSync(repo).filter((name) => name.startsWith(".tmp-"));
}

/** Gives up what is unfinished, as the docs say. */
export async function removeWorks(repo: string): Promise<void> {
  for (const work of worksIn(repo)) await rm(join(repo, work), { recursive: true });
}
