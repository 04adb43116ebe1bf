import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findBackup } from "../../src/commands/find-backup.ts";
import type { SurveyedBackup } from "../../src/commands/survey-backup.ts";
import { verifyBackup } from "../../src/commands/verify-backup.ts";
import { createServices } from "../../src/main/services.ts";
import { dbbackupHere, mustDbbackupHere } from "../helpers/dbbackup-here.ts";
import { newKeyFile } from "../helpers/key-file.ts";
import { withMysqlDatabase } from "../helpers/mysql-database.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

const kinds = {
  custom: ["--format", "custom"],
  zstd: ["--format", "custom", "--compression", "zstd"],
  none: ["--format", "custom", "--compression", "none"],
  tar: ["--format", "tar"],
  encrypted: ["--format", "custom", "--compression", "none", "--encrypt"],
} as const;
type Kind = keyof typeof kinds;
const kindNames = Object.keys(kinds) as Kind[];

const services = createServices();
const { signal } = new AbortController();
let folder: Awaited<ReturnType<typeof withTemporaryFolder>>;
let database: TestDatabase;
let key: string;

beforeAll(async () => {
  folder = await withTemporaryFolder();
  key = newKeyFile(join(folder.path, "key"));
  database = await withDatabase(await sharedServer(18));
  await database.sql(`
    CREATE TABLE alpha AS SELECT i, md5(i::text) t FROM generate_series(1, 3000) i;
    CREATE TABLE beta AS SELECT i, 'marked row ' || i t FROM generate_series(1, 9000) i;
    CREATE TABLE gamma AS SELECT i, repeat(md5((-i)::text), 3) t FROM generate_series(1, 6000) i;
    SELECT lo_from_bytea(1, convert_to(repeat('x', 3000), 'UTF8')), lo_from_bytea(2, '\\x00ff');
  `);
  for (const [name, args] of [...Object.entries(kinds), ["folder", ["--format", "directory"]] as const]) {
    const keyed = args.includes("--encrypt" as never) ? ["--key-file", key] : [];
    const output = ["--output", join(folder.path, name), "--jobs", "1"];
    await mustDbbackupHere(["backup", "single", database.name, "--url", database.url, ...args, ...keyed, ...output]);
  }
});

afterAll(async () => {
  await database.drop();
  await folder[Symbol.asyncDispose]();
});

/** What is found in changed bytes, under the name and beside the metadata of the backup: encrypted files are bound to theirs. */
async function surveyOf(kind: Kind, bytes: Buffer): Promise<SurveyedBackup | undefined> {
  const path = join(folder.path, kind);
  const before = readFileSync(path);
  writeFileSync(path, bytes);
  try {
    const keys = { keyFiles: [key], keyVariables: [], passphraseFiles: [], recipients: [], asksPassphrase: false };
    const decryption = await (await services.encryption()).decryption(keys);
    const find = {
      locateFile: services.locateFile,
      openRepository: () => Promise.reject(new Error("not asked")),
      ...(kind === "encrypted" ? { unlocking: { decryption, onDamage: () => {} } } : {}),
    };
    const ports = { checker: await services.openChecker(), clock: services.clock, progress: { emit: () => {} } };
    return (await verifyBackup(await findBackup(path, find, signal), ports, signal)).survey;
  } finally {
    writeFileSync(path, before);
  }
}

function flipped(bytes: Buffer, at: number, bit = 3): Buffer {
  const changed = Buffer.from(bytes);
  changed[at]! ^= 1 << bit;
  return changed;
}

test.each(kindNames)("%s: a flipped bit lies in a place that is reported", async (kind) => {
  const whole = readFileSync(join(folder.path, kind));
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(7), async (at, bit) => {
      const survey = await surveyOf(kind, flipped(whole, at, bit));
      if (survey?.unusable !== undefined) return;
      // The header of an encrypted file is told by who opens it.
      if (kind === "encrypted" && at < 400) return;
      const places = survey?.places ?? [];
      expect(places.filter(({ offset, length }) => offset <= at && at < offset + length)).not.toEqual([]);
    }),
    { numRuns: 40, seed: 20_261_122 },
  );
});

test("a header that says another compression is a place, and nothing is read as it says", async () => {
  const survey = await surveyOf("custom", flipped(readFileSync(join(folder.path, "custom")), 11, 0));
  expect(survey!.places[0]).toMatchObject({ offset: 0, object: "table of contents" });
  expect(survey!.unusable).toContain("no table is whole");
});

/** Where the rows of beta lie, which nothing else looks like. */
function insideBeta(kind: "none" | "tar"): number {
  return readFileSync(join(folder.path, kind)).indexOf("marked row 4500");
}

test.each(["none", "tar"] as const)(
  "%s: damage of one table is told as its, and the others are whole",
  async (kind) => {
    const survey = await surveyOf(kind, flipped(readFileSync(join(folder.path, kind)), insideBeta(kind)));
    expect(survey).toMatchObject({
      places: [{ artifact: kind, object: 'table "public"."beta"' }],
      tables: 3,
      damagedTables: [{ schema: "public", name: "beta" }],
      damagedOthers: [],
      areDefinitionsUnproved: true,
    });
    expect(survey!.unusable).toBeUndefined();
  },
);

test("behind a chunk whose length is damaged the next table is found again", async () => {
  const whole = readFileSync(join(folder.path, "none"));
  // Of the chunks in the rows of beta the one that this row lies in: its length is changed to what leads nowhere.
  const chunk = chunkAround(whole, insideBeta("none"));
  const survey = await surveyOf("none", flipped(whole, chunk + 2, 6));
  expect(survey!.damagedTables).toEqual([{ schema: "public", name: "beta" }]);
  const [place, ...others] = survey!.places;
  expect(others).toEqual([]);
  expect(place!.offset).toBeLessThan(chunk);
  expect(place!.offset + place!.length).toBeGreaterThan(insideBeta("none"));
});

/** Where the chunk begins, with its length, that a byte lies in. */
function chunkAround(bytes: Buffer, inside: number): number {
  for (let at = inside; ; at--) {
    if (bytes[at] === 0 && at + 5 + bytes.readUInt32LE(at + 1) > inside && bytes.readUInt32LE(at + 1) < 1 << 24)
      return at;
  }
}

test("several tables, and a file that is cut: every place is told", async () => {
  const whole = readFileSync(join(folder.path, "none"));
  const twice = flipped(flipped(whole, whole.indexOf("marked row 10")), whole.indexOf("marked row 8000"));
  const two = flipped(twice, whole.length - 40_000);
  const survey = await surveyOf("none", two);
  expect(survey!.places.map(({ object }) => object)).toHaveLength(2);
  expect(survey!.damagedTables).toHaveLength(2);
  const cut = await surveyOf("none", whole.subarray(0, insideBeta("none")));
  expect(cut!.damagedTables).toContainEqual({ schema: "public", name: "beta" });
  expect(cut!.tables - cut!.damagedTables.length).toBeGreaterThan(0);
});

test("encrypted: a damaged frame is the place, and takes only what lies in it", async () => {
  const whole = readFileSync(join(folder.path, "encrypted"));
  const at = 300_000;
  const survey = await surveyOf("encrypted", flipped(whole, at));
  expect(survey!.places).toMatchObject([{ frames: { first: 1, last: 1 }, length: 262_144 + 16 }]);
  const [place] = survey!.places;
  expect(place!.offset <= at && at < place!.offset + place!.length).toBe(true);
  expect(survey).toMatchObject({ tables: 3, areDefinitionsUnproved: false });
  expect(survey!.damagedTables.length).toBeLessThan(3);
  const cut = await surveyOf("encrypted", whole.subarray(0, whole.length - 1000));
  expect(cut!.unusable).toBeUndefined();
  expect(cut!.places.at(-1)!.offset).toBeGreaterThan(whole.length - 270_000);
});

test("directory: a damaged and a missing file are told with their tables, a changed table of contents makes it unusable", async () => {
  const original = join(folder.path, "folder");
  const files = readdirSync(original);
  const data = files.filter((name) => /^\d+\.dat\.gz$/.test(name));
  expect(data).toHaveLength(3);
  const kept = data.map((name) => readFileSync(join(original, name)));
  const verified = async (): Promise<{ damaged_places: { artifact: string }[]; salvage: Record<string, unknown> }> => {
    const { status, stdout } = await dbbackupHere(["verify", original, "--json", "--no-record"]);
    expect(status).toBe(4);
    return JSON.parse(stdout.toString())[0];
  };
  rmSync(join(original, data[0]!));
  writeFileSync(join(original, data[1]!), flipped(kept[1]!, 2000));
  const { damaged_places: places, salvage } = await verified();
  const named = data.slice(0, 2).map((name) => `folder/${name}`);
  expect(places.map(({ artifact }) => artifact).toSorted()).toEqual(named);
  expect(salvage).toMatchObject({ tables: 3, whole_tables: 1 });
  for (const [index, name] of data.entries()) writeFileSync(join(original, name), kept[index]!);
  const toc = join(original, "toc.dat");
  const before = readFileSync(toc);
  writeFileSync(toc, flipped(before, before.length - 200, 0));
  expect((await verified()).salvage["unusable"]).toMatch(/table of contents|archive is damaged/);
  writeFileSync(toc, before);
});

test("for people: places, and what can be read", async () => {
  const path = join(folder.path, "none");
  const before = readFileSync(path);
  writeFileSync(path, flipped(before, insideBeta("none")));
  const { status, stdout } = await dbbackupHere(["verify", path]);
  writeFileSync(path, before);
  expect(status).toBe(4);
  expect(stdout.toString()).toMatch(/\n {2}place {4}none, bytes \d+ to \d+: table "public"."beta": /);
  expect(stdout.toString()).toContain("2 of 3 tables can be read whole; damaged: public.beta\n");
  const record = readdirSync(folder.path).find((name) => name.startsWith("none.2") && name.endsWith(".verify.json"))!;
  expect(JSON.parse(readFileSync(join(folder.path, record), "utf8"))).toMatchObject({
    damaged_places: [{ artifact: "none", object: 'table "public"."beta"' }],
    salvage: { tables: 3, whole_tables: 2, damaged_tables: [{ schema: "public", name: "beta" }] },
  });
});

test("a backup of a server tells its damaged places with their databases", async () => {
  const repo = join(folder.path, "repo");
  const dump = ["backup", "cluster", "--url", database.url, "--database", database.name];
  const made = await mustDbbackupHere([...dump, "--compression", "none", "--repo", repo, "--json"]);
  const { databases } = JSON.parse(made.stdout.toString());
  const path = join(repo, databases[0].artifact);
  const whole = readFileSync(path);
  writeFileSync(path, flipped(whole, whole.indexOf("marked row 4500")));
  const { status, stdout } = await dbbackupHere(["verify", "latest:cluster", "--repo", repo, "--json"]);
  expect(status).toBe(4);
  expect(JSON.parse(stdout.toString())[0]).toMatchObject({
    damaged_places: [{ artifact: databases[0].artifact, object: `database "${database.name}", table "public"."beta"` }],
    salvage: {
      tables: 3,
      whole_tables: 2,
      damaged_tables: [{ database: database.name, schema: "public", name: "beta" }],
    },
  });
});

test.each(["plain", "encrypted"])(
  "mysql directory (%s): damaged and missing files are told with what they hold",
  async (how) => {
    await using mysql = await withMysqlDatabase(await sharedMysql("mariadb-11.8"));
    await mysql.sql("CREATE TABLE one (i INT PRIMARY KEY, t TEXT)");
    await mysql.sql("INSERT INTO one SELECT seq, MD5(seq) FROM seq_1_to_600");
    await mysql.sql("CREATE TABLE two AS SELECT seq x FROM seq_1_to_400");
    await mysql.sql("CREATE TABLE three AS SELECT seq x FROM seq_1_to_400");
    await mysql.sql("CREATE VIEW seen AS SELECT x FROM two");
    const path = join(folder.path, `mysql-${how}`);
    const keyed = how === "encrypted" ? ["--encrypt", "--key-file", key] : [];
    const dump = [
      "backup",
      "single",
      mysql.name,
      "--url",
      mysql.url,
      "--format",
      "directory",
      "--output",
      path,
      ...keyed,
    ];
    await mustDbbackupHere(dump);
    const fileWith = (pattern: RegExp): string[] => readdirSync(path).filter((name) => pattern.test(name));
    const [first, second] = fileWith(/^\d+\.0001\.tsv/);
    const [view] = fileWith(/view.*\.sql/);
    const bytes = readFileSync(join(path, first!));
    writeFileSync(join(path, first!), flipped(bytes, bytes.length - 40));
    rmSync(join(path, second!));
    rmSync(join(path, view!));
    const { status, stdout } = await dbbackupHere(["verify", path, "--json", ...keyed.slice(1)]);
    expect(status).toBe(4);
    const [{ damaged_places: places, salvage }] = JSON.parse(stdout.toString());
    expect(places.map(({ artifact }: { artifact: string }) => artifact).toSorted()).toEqual(
      [first, second, view].map((name) => `mysql-${how}/${name!}`).toSorted(),
    );
    expect(salvage).toMatchObject({
      can_be_salvaged: true,
      tables: 3,
      whole_tables: 1,
      damaged_others: ['definition of view "seen"'],
    });
  },
);

test.each(["none", "gzip"])(
  "a script (%s): it is said that nothing is known behind the damage",
  async (compression) => {
    const path = join(folder.path, `script-${compression}`);
    const dump = ["backup", "single", database.name, "--url", database.url, "--format", "plain", "--output", path];
    await mustDbbackupHere([...dump, "--compression", compression]);
    const whole = readFileSync(path);
    writeFileSync(path, flipped(whole, whole.length >> 1));
    const { status, stdout } = await dbbackupHere(["verify", path]);
    expect(status).toBe(4);
    expect(stdout.toString()).toContain("it is a script, of which nothing is known behind its first damage\n");
  },
);
