import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findBackup } from "../../src/commands/find-backup.ts";
import { verifyBackup } from "../../src/commands/verify-backup.ts";
import { BackupError } from "../../src/core/backup-error.ts";
import { formatMetadata } from "../../src/core/metadata/format-metadata.ts";
import type { BackupMetadata } from "../../src/core/metadata/metadata-schema.ts";
import { readMetadata } from "../../src/core/metadata/read-metadata.ts";
import { openChecker } from "../../src/main/open-checker.ts";
import { locateFile } from "../../src/storage/local/locate-file.ts";
import { dbbackup } from "../helpers/dbbackup.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

let folder: string;
let database: TestDatabase;
const kinds = {
  gzip: ["--format", "custom"],
  zstd: ["--format", "custom", "--compression", "zstd"],
  lz4: ["--format", "custom", "--compression", "lz4"],
  none: ["--format", "custom", "--compression", "none"],
  tar: ["--format", "tar"],
  plain: ["--format", "plain"],
  "plain-gzip": ["--format", "plain", "--compression", "gzip"],
} as const;
type Kind = keyof typeof kinds;
const kindNames = Object.keys(kinds) as Kind[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-verify-"));
  database = await withDatabase(await sharedServer(18));
  await database.sql(`
    CREATE SCHEMA "odd ""schema";
    CREATE TABLE "odd ""schema"."Täble. one" (id int, t text);
    INSERT INTO "odd ""schema"."Täble. one" SELECT i, md5(i::text) || E'\\t\\n\\\\.' FROM generate_series(1, 1000) i;
    CREATE TABLE plain_one (x int);
    INSERT INTO plain_one SELECT generate_series(1, 1000);
    CREATE TABLE empty_one ();
    SELECT lo_from_bytea(1, '\\x00ff'), lo_from_bytea(2, convert_to(repeat('x', 30000), 'UTF8'));
  `);
  for (const kind of kindNames) {
    const args = [
      "backup",
      "single",
      database.name,
      "--url",
      database.url,
      ...kinds[kind],
      "--output",
      join(folder, kind),
    ];
    const { status, stderr } = await dbbackup(args);
    expect([status, stderr]).toEqual([0, expect.any(String)]);
  }
});

afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

const signal = new AbortController().signal;
const ports = {
  checker: openChecker(),
  clock: { now: () => new Date(), monotonic: () => performance.now() },
  progress: { emit: () => {} },
};

/** What is wrong with a file, in this process: thousands of runs of the program would take an hour. */
async function damageOf(path: string): Promise<readonly string[]> {
  try {
    const backup = await findBackup(
      path,
      { locateFile, openRepository: () => Promise.reject(new Error("not asked")) },
      signal,
    );
    const { damage } = await verifyBackup(backup, ports, signal);
    return damage.map(({ object, message }) => `${object}: ${message}`);
  } catch (error) {
    if (error instanceof BackupError) return [`${error.code}: ${error.message}`];
    throw error;
  }
}

/** A copy of a backup to be damaged. */
function copyOf(kind: Kind, change: (bytes: Buffer) => Buffer, edit?: (metadata: BackupMetadata) => unknown): string {
  const path = join(folder, "copy");
  writeFileSync(path, change(readFileSync(join(folder, kind))));
  const metadata = readMetadata(readFileSync(join(folder, `${kind}.meta.json`), "utf8"), "x");
  edit?.(metadata);
  writeFileSync(`${path}.meta.json`, formatMetadata(metadata));
  return path;
}

/** Numbers that are the same in each run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function flip(bytes: Buffer, at: number, bit: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped[at]! ^= 1 << bit;
  return flipped;
}

test.each(kindNames)("%s: what was written is whole, and every row was looked at", async (kind) => {
  const { status, stdout } = await dbbackup(["verify", join(folder, kind), "--json"]);
  expect(status).toBe(0);
  const [result, ...others] = JSON.parse(stdout.toString());
  expect(others).toEqual([]);
  expect(result).toMatchObject({ status: "ok", damage: [], notes: [], database: database.name });
  const rows = Object.fromEntries(
    result.objects.map(({ schema, name, rows: count }: Record<string, unknown>) => [`${schema}|${name}`, count]),
  );
  expect(rows).toEqual({ 'odd "schema|Täble. one': 1000, "public|plain_one": 1000, "public|empty_one": 0 });
  expect(result.large_objects).toEqual({ count: 2, bytes: 30_002 });
});

test("for people it says what was checked", async () => {
  const { stdout } = await dbbackup(["verify", join(folder, "gzip")]);
  expect(stdout.toString()).toMatch(
    /^ok {2}.*gzip\n {2}stored .* SHA-256 as recorded .*\n {2}decoded {2}3 tables, 2,000 rows, .*, 2 large objects, counts and row checksums as recorded\n$/,
  );
});

test.each(kindNames)("%s: a flipped bit in any region is found", async (kind) => {
  const next = random(kind.length);
  const size = readFileSync(join(folder, kind)).length;
  for (let run = 0; run < 60; run++) {
    // Each sixtieth of the file gets one.
    const at = Math.floor(((run + next(1000) / 1000) * size) / 60);
    const path = copyOf(kind, (bytes) => flip(bytes, at, next(8)));
    expect(await damageOf(path), `byte ${at}`).not.toEqual([]);
  }
});

test.each(["gzip", "zstd", "lz4", "none", "plain", "plain-gzip"] as const)(
  "%s: changed rows are found by their checksums when the hashes were made to fit",
  async (kind) => {
    const next = random(17);
    let found = 0;
    for (let run = 0; run < 40; run++) {
      const size = readFileSync(join(folder, kind)).length;
      // Around the middle lie rows, in every kind.
      const at = Math.floor(size * (0.3 + next(100) / 1000));
      const path = copyOf(
        kind,
        (bytes) => flip(bytes, at, next(8)),
        ({ artifacts: [artifact] }) => {
          delete artifact!.sha256;
        },
      );
      if ((await damageOf(path)).length > 0) found++;
    }
    expect(found).toBe(40);
  },
);

test.each(kindNames)("%s: a file that was cut, lengthened or joined is found", async (kind) => {
  const next = random(3);
  for (let run = 0; run < 20; run++) {
    const path = copyOf(kind, (bytes) => bytes.subarray(0, next(bytes.length)));
    expect(await damageOf(path)).not.toEqual([]);
  }
  expect(await damageOf(copyOf(kind, (bytes) => Buffer.concat([bytes, Buffer.alloc(1)])))).not.toEqual([]);
  expect(await damageOf(copyOf(kind, (bytes) => Buffer.concat([bytes, bytes])))).not.toEqual([]);
});

const object = (metadata: BackupMetadata, name: string | undefined) =>
  metadata.objects!.find((candidate) => candidate.name === name)!;

test("a lost row, a lost table and a table too many are named", async () => {
  const edits: [RegExp, (metadata: BackupMetadata) => unknown][] = [
    [
      /table "public"."plain_one": it has 1000 rows instead of 1001/,
      (metadata) => Object.assign(object(metadata, "plain_one"), { rows: 1001 }),
    ],
    [/table "public"."plain_one": .* bytes/, (metadata) => Object.assign(object(metadata, "plain_one"), { bytes: 1 })],
    [
      /table "public"."plain_one": .* checksum/,
      (metadata) => Object.assign(object(metadata, "plain_one"), { checksum: "0".repeat(32) }),
    ],
    [
      /table "public"."gone": the metadata names it/,
      (metadata) => metadata.objects!.push({ type: "table", schema: "public", name: "gone", rows: 0, bytes: 0 }),
    ],
    [
      /table "public"."empty_one": it is in the backup, but not in its metadata/,
      (metadata) => metadata.objects!.splice(metadata.objects!.indexOf(object(metadata, "empty_one")), 1),
    ],
    [
      /large objects: 2 of 30002 bytes instead of 3/,
      (metadata) => Object.assign(object(metadata, undefined), { rows: 3 }),
    ],
  ];
  for (const [message, edit] of edits) {
    expect((await damageOf(copyOf("gzip", (bytes) => bytes, edit))).join("\n")).toMatch(message);
  }
});

test.each([15, 17, 18] as const)(
  "what pg_dump %i wrote is checked for structure and decoding, and that is said",
  async (major) => {
    const source = major === 18 ? database : await withDatabase(await sharedServer(15));
    try {
      if (source !== database) await source.sql("CREATE TABLE t AS SELECT i FROM generate_series(1, 500) i");
      const args = ["-d", source.url];
      const files = {
        custom: ["-Fc"],
        uncompressed: ["-Fc", "-Z0"],
        inserts: ["-Fc", "--inserts"],
        script: ["-Fp"],
        "script.gz": ["-Fp", "-Z6"],
      };
      for (const [name, format] of Object.entries(files)) {
        const path = join(folder, `stock-${major}-${name}`);
        await stock(major).must("pg_dump", [...args, ...format, "-f", path]);
      }
      const paths = Object.keys(files).map((name) => join(folder, `stock-${major}-${name}`));
      const { status, stdout } = await dbbackup(["verify", ...paths, "--json"]);
      const results = JSON.parse(stdout.toString()) as Record<string, unknown>[];
      expect([status, results.map((result) => result.status)]).toEqual([0, paths.map(() => "ok")]);
      for (const { notes } of results)
        expect(notes).toEqual([expect.stringMatching(/no metadata .* only structure and decoding/)]);
    } finally {
      if (source !== database) await source.drop();
    }
  },
);

test.each([
  ["an empty file", Buffer.alloc(0)],
  ["a picture", Buffer.from("89504e470d0a1a0a0000000d49484452", "hex")],
  ["compressed noise", gzipSync(Buffer.from(Array.from({ length: 2000 }, (_, index) => (index * 7919) & 0xff)))],
  ["the beginning of an archive", Buffer.from("PGDMP")],
  ["prose", Buffer.from("Dear reader, this is no script")],
])("%s ends with 4", async (_, bytes) => {
  const path = join(folder, "foreign");
  writeFileSync(path, bytes);
  const { status, stdout } = await dbbackup(["verify", path]);
  expect(stdout.toString()).toMatch(/^DAMAGED/);
  expect(status).toBe(4);
});

test("several backups: it goes on past bad ones and reports all", async () => {
  const bad = copyOf("gzip", (bytes) => flip(bytes, 5000, 1));
  const { status, stdout, stderr } = await dbbackup([
    "verify",
    bad,
    join(folder, "none"),
    join(folder, "nothing"),
    join(folder, "zstd"),
  ]);
  expect(status).toBe(4);
  expect(stdout.toString().match(/^(ok|DAMAGED) /gm)).toEqual(["DAMAGED ", "ok ", "ok "]);
  expect(stdout.toString()).toContain("2 of 4 backups are whole");
  expect(stderr).toMatch(/there is no file .*nothing/);
});

test("a missing artifact and damaged metadata are damage; a renamed pair is none", async () => {
  const repo = join(folder, "repo");
  mkdirSync(repo);
  cpSync(join(folder, "gzip.meta.json"), join(repo, "x.meta.json"));
  cpSync(join(folder, "gzip"), join(repo, "x"));
  expect((await dbbackup(["verify", join(repo, "x")])).status).toBe(0);
  renameSync(join(repo, "x"), join(repo, "y"));
  const missing = await dbbackup(["verify", join(repo, "x.meta.json")]);
  expect([missing.status, missing.stdout.toString()]).toEqual([4, expect.stringContaining("the file is missing")]);
  writeFileSync(join(repo, "y.meta.json"), "{}");
  expect((await dbbackup(["verify", join(repo, "y")])).status).toBe(4);
});
