import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findBackup } from "../../src/commands/find-backup.ts";
import type { FoundBackup } from "../../src/commands/found-backup.ts";
import { restoreFound, restoreSingle } from "../../src/commands/restore-single.ts";
import { openSource } from "../../src/commands/restore-source.ts";
import { verifyBackup } from "../../src/commands/verify-backup.ts";
import { wholeRestore } from "../../src/commands/whole-restore.ts";
import { BackupError } from "../../src/core/backup-error.ts";
import { createServices } from "../../src/main/services.ts";
import { mustDbbackupHere } from "../helpers/dbbackup-here.ts";
import { newKeyFile } from "../helpers/key-file.ts";
import { type MysqlDatabase, withMysqlDatabase } from "../helpers/mysql-database.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { seededRandom } from "../helpers/seeded-random.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { databaseUrl, type TestDatabase, withDatabase } from "../helpers/test-database.ts";

/** How backups are made: of PostgreSQL, and of MariaDB. */
const kinds = {
  postgres: {
    gzip: ["--format", "custom"],
    zstd: ["--format", "custom", "--compression", "zstd"],
    lz4: ["--format", "custom", "--compression", "lz4"],
    none: ["--format", "custom", "--compression", "none"],
    directory: ["--format", "directory"],
    tar: ["--format", "tar"],
    plain: ["--format", "plain"],
    "plain-gzip": ["--format", "plain", "--compression", "gzip"],
    "plain-zstd": ["--format", "plain", "--compression", "zstd"],
    "plain-lz4": ["--format", "plain", "--compression", "lz4"],
    encrypted: ["--format", "custom", "--encrypt"],
    "encrypted-directory": ["--format", "directory", "--encrypt"],
    "encrypted-plain": ["--format", "plain", "--compression", "gzip", "--encrypt"],
  },
  mysql: {
    sql: ["--format", "sql"],
    "sql-gzip": ["--format", "sql", "--compression", "gzip"],
    "sql-zstd": ["--format", "sql", "--compression", "zstd"],
    "my-directory": ["--format", "directory", "--compression", "zstd"],
    "my-directory-none": ["--format", "directory", "--compression", "none"],
    "my-encrypted": ["--format", "sql", "--encrypt"],
    "my-encrypted-directory": ["--format", "directory", "--encrypt"],
  },
} as const;

type Family = keyof typeof kinds;

const all = (Object.keys(kinds) as Family[]).flatMap((family) =>
  Object.entries(kinds[family]).map(([name, args]) => ({ family, name, args: args as readonly string[] })),
);

const services = createServices();
const { signal } = new AbortController();
const progress = { emit: () => {} };

/**
 * Changes stored bytes of backups at random, and looks whether each change is found and refused.
 * @param changes in all
 * @param everyRestored of so many changes one is restored on a real server; of the others archives of PostgreSQL into a script, which reads
 * and checks all that a restore does
 */
export function flipsSuite(changes: number, everyRestored: number): void {
  let folder: Awaited<ReturnType<typeof withTemporaryFolder>>;
  /** What was told while an encrypted backup was opened. */
  let told: string[] = [];
  let postgres: TestDatabase;
  let mysql: MysqlDatabase;
  let decryption: Awaited<ReturnType<Awaited<ReturnType<typeof services.encryption>>["decryption"]>>;

  beforeAll(async () => {
    folder = await withTemporaryFolder();
    postgres = await withDatabase(await sharedServer(18));
    await postgres.sql(`
      CREATE TABLE one AS SELECT i, md5(i::text) t FROM generate_series(1, 60) i;
      CREATE TABLE two (x int PRIMARY KEY);
      INSERT INTO two SELECT generate_series(1, 40);
      SELECT lo_from_bytea(1, '\\x00ff');
    `);
    mysql = await withMysqlDatabase(await sharedMysql("mariadb-11.8"));
    await mysql.sql("CREATE TABLE one (i INT PRIMARY KEY, t TEXT)");
    await mysql.sql("INSERT INTO one SELECT seq, MD5(seq) FROM seq_1_to_60");
    await mysql.sql("CREATE TABLE two AS SELECT seq x FROM seq_1_to_40");
    const key = newKeyFile(join(folder.path, "key"));
    const keys = { keyFiles: [key], keyVariables: [], passphraseFiles: [], recipients: [], asksPassphrase: false };
    decryption = await (await services.encryption()).decryption(keys);
    // Two of each, to exchange their files; the databases are not the same any more when the second one is made.
    for (const which of ["a", "b"]) {
      for (const { family, name, args } of all) {
        const source = family === "postgres" ? postgres : mysql;
        const keyed = args.includes("--encrypt") ? ["--key-file", key] : [];
        const place = ["--output", join(folder.path, `${name}-${which}`), "--jobs", "1"];
        await mustDbbackupHere(["backup", "single", source.name, "--url", source.url, ...args, ...keyed, ...place]);
      }
      for (const source of [postgres, mysql]) await source.sql("DELETE FROM one WHERE i = 60");
    }
  });

  afterAll(async () => {
    await postgres.drop();
    await mysql[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  const find = async (name: string, isEncrypted: boolean): Promise<FoundBackup> =>
    await findBackup(
      join(folder.path, name),
      {
        locateFile: services.locateFile,
        openRepository: () => Promise.reject(new Error("not asked")),
        ...(isEncrypted
          ? { unlocking: { decryption, onDamage: ({ message }: BackupError) => told.push(message) } }
          : {}),
      },
      signal,
    );

  /** What verify says: nothing when it finds nothing. */
  const damageOf = async (name: string, isEncrypted: boolean): Promise<readonly string[]> => {
    const ports = { checker: await services.openChecker(), clock: services.clock, progress };
    return await orError(async () => {
      const { damage } = await verifyBackup(await find(name, isEncrypted), ports, signal);
      return damage.map(({ object, message }) => `${object}: ${message}`);
    });
  };

  const portsOfRestore = async () => ({
    engine: await services.openRestorer(),
    clock: services.clock,
    progress,
    openChecker: () => services.openChecker(),
    locateFile: services.locateFile,
    openRepository: () => Promise.reject(new Error("not asked")),
    standardInput: () => services.standardInput(),
    readTextFile: (path: string) => services.readTextFile(path),
    openOutput: services.openOutput,
    locateOutput: (path: string) => services.locateOutput(path),
  });

  /**
   * Why it cannot be restored, of scripts and of directories of MySQL, which are not written as scripts: what a restore does with the bytes
   * before it asks a server and after it has sent them, and no more.
   */
  const refusalOfBytes = async (name: string, isEncrypted: boolean): Promise<readonly string[]> =>
    await orError(async () => {
      await using source = await openSource(await find(name, isEncrypted));
      await (await services.openRestorer()).open(source.input, {});
      return await source.changedBytes(signal);
    });

  /** Why it cannot be written as a script. */
  const refusalOfScript = async (name: string, isEncrypted: boolean): Promise<readonly string[]> => {
    if (/plain|^sql|^my-/.test(name)) return await refusalOfBytes(name, isEncrypted);
    const file = join(folder.path, "script");
    const ports = {
      ...(await portsOfRestore()),
      ...(isEncrypted ? { unlocking: { decryption, onDamage: ({ message }: BackupError) => told.push(message) } } : {}),
    };
    const restore = {
      ...wholeRestore,
      connection: {},
      jobs: { count: 1, isAsked: false },
      allowedExtensions: [],
    };
    const found = await orError(async () => {
      const request = { backup: join(folder.path, name), restore, mode: "script" as const, file, verifyFirst: false };
      await restoreSingle({ ...request, filterFiles: [] }, ports, signal);
      return [];
    });
    // What is refused leaves nothing that somebody might take for a script.
    if (found.length > 0) expect(existsSync(file)).toBe(false);
    rmSync(file, { force: true });
    return found;
  };

  /** Why it cannot be restored on the server; what was restored in part must be named. */
  const refusalOfServer = async (family: Family, name: string, isEncrypted: boolean): Promise<readonly string[]> => {
    const target = `flipped_${process.pid}_${Math.floor(performance.now() * 1000)}`;
    const url = family === "postgres" ? databaseUrl(await sharedServer(18), "postgres") : mysql.url;
    const restore = {
      ...wholeRestore,
      connection: { url },
      target,
      create: true,
      jobs: { count: 2, isAsked: false },
      allowedExtensions: [],
    };
    try {
      const refusal = await orError(async () => {
        const found = await find(name, isEncrypted);
        const request = { restore, mode: "restore" as const, verifyFirst: false };
        const { result } = await restoreFound(found, request, await portsOfRestore(), signal);
        return (result?.failed ?? 0) > 0 ? [`${result!.failed} failed in ${target}`] : [];
      });
      const isThere =
        family === "postgres"
          ? await postgres.sql(`SELECT 1 FROM pg_database WHERE datname = '${target}'`)
          : await mysql.sql(`SHOW DATABASES LIKE '${target}'`);
      // What was begun there is named.
      if (refusal.length > 0 && isThere.length > 0) expect(refusal.join()).toContain(target);
      return refusal;
    } finally {
      if (family === "postgres") await postgres.sql(`DROP DATABASE IF EXISTS ${target}`);
      else await mysql.sql(`DROP DATABASE IF EXISTS ${target}`);
    }
  };

  test("what was not changed is whole", async () => {
    for (const { family, name, args } of all) {
      const isEncrypted = args.includes("--encrypt");
      for (const which of ["a", "b"])
        expect([name, await damageOf(`${name}-${which}`, isEncrypted)]).toEqual([name, []]);
      expect([name, await refusalOfScript(`${name}-a`, isEncrypted)]).toEqual([name, []]);
      expect([name, await refusalOfServer(family, `${name}-a`, isEncrypted)]).toEqual([name, []]);
    }
  });

  test.each(all)(
    "$family $name: every change is found by verify, and refused by restore",
    async ({ family, name, args }) => {
      const isEncrypted = args.includes("--encrypt");
      const place = all.findIndex((kind) => kind.name === name);
      const next = seededRandom(20_261_122 + place);
      const below = (limit: number): number => Math.floor(next() * limit);
      const [own, others] = ["a", "b"].map((which) => filesOf(join(folder.path, `${name}-${which}`)));
      const runs = Math.ceil(changes / all.length);
      for (let run = 0; run < runs; run++) {
        // Metadata are one of many files of a folder, and as important as all of the others.
        const file = below(4) === 0 ? own!.findIndex((path) => path.endsWith(".meta.json")) : below(own!.length);
        const path = own![file]!;
        const before = readFileSync(path);
        const { what, bytes } = changed(before, () => readFileSync(others![file] ?? others![0]!), below);
        if (bytes.equals(before)) {
          run--; // No change.
          continue;
        }
        writeFileSync(path, bytes);
        const label = `${name}, run ${run}: ${what} in ${path.slice(folder.path.length + 1)}`;
        try {
          expect(await damageOf(`${name}-a`, isEncrypted), `verify, ${label}`).not.toEqual([]);
          told = [];
          const restored = run % everyRestored === place % everyRestored;
          const refusal = restored
            ? await refusalOfServer(family, `${name}-a`, isEncrypted)
            : await refusalOfScript(`${name}-a`, isEncrypted);
          // The header of an encrypted file is in the metadata, too: with that it can be read all the same, and this is told.
          expect([...refusal, ...told], `restore, ${label}`).not.toEqual([]);
          if (refusal.length === 0) expect(told.join(), label).toMatch(/header/);
        } finally {
          writeFileSync(path, before);
        }
      }
    },
  );
}

/** Files of a backup, its metadata among them, in an order that does not hang on their names. */
function filesOf(path: string): string[] {
  const inside = statSync(path).isDirectory()
    ? readdirSync(path)
        .toSorted()
        .map((name) => join(path, name))
    : [path];
  return [...inside, `${path}.meta.json`];
}

/** One bit, a piece that is gone, doubled, exchanged or zeroed, the end, or all of it. */
function changed(
  before: Buffer,
  other: () => Buffer,
  below: (limit: number) => number,
): { readonly what: string; readonly bytes: Buffer } {
  const bytes = Buffer.from(before);
  const at = below(bytes.length);
  const piece = 1 + below(Math.min(64, bytes.length));
  switch (below(10)) {
    case 0:
      return { what: `cut at ${at}`, bytes: bytes.subarray(0, at) };
    case 1:
      return {
        what: `${piece} bytes lost at ${at}`,
        bytes: Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + piece)]),
      };
    case 2: {
      const to = below(Math.max(1, bytes.length - piece));
      before.copy(bytes, to, at, at + piece);
      before.copy(bytes, at, to, to + Math.min(piece, bytes.length - at));
      return { what: `${piece} bytes of ${at} and ${to} exchanged`, bytes };
    }
    case 3:
      return { what: `${piece} zeros at ${at}`, bytes: bytes.fill(0, at, Math.min(at + piece, bytes.length)) };
    case 4:
      return {
        what: `${piece} bytes of ${at} behind the end`,
        bytes: Buffer.concat([bytes, before.subarray(at, at + piece)]),
      };
    case 5:
      return { what: "exchanged with that of another backup", bytes: other() };
    default: {
      const bit = below(8);
      bytes[at]! ^= 1 << bit;
      return { what: `bit ${bit} of byte ${at}`, bytes };
    }
  }
}

/** @throws anything but a BackupError: nothing else may come of changed bytes */
async function orError(act: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await act();
  } catch (error) {
    // Nor is it refused for what the test itself did wrong.
    if (!(error instanceof BackupError) || error.code === "USAGE") throw error;
    return [`${error.code}: ${error.message}`];
  }
}
