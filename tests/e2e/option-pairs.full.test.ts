import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { WriteStream } from "node:tty";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dumpSelection } from "../../src/frontends/cli/dump-selection.ts";
import { dumpSession } from "../../src/frontends/cli/dump-session.ts";
import { dumpShape } from "../../src/frontends/cli/dump-shape.ts";
import { runCli } from "../../src/frontends/cli/run-cli.ts";
import { createServices } from "../../src/main/services.ts";
import { commandLineOf } from "../helpers/backup-options.ts";
import { dumpToMemory } from "../helpers/dump-to-memory.ts";
import type { Finished } from "../helpers/run-program.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { stock } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

/** Options of pg_dump, each with a value that means something in the database below. */
const ofDump =
  words(`--data-only --schema-only --clean --create --no-owner --no-privileges --if-exists --statistics-only
  --statistics --no-schema --no-data --no-statistics --section=pre-data --section=data --section=post-data --disable-triggers
  --superuser=boss --inserts --rows-per-insert=2 --on-conflict-do-nothing --sequence-data --no-comments
  --no-policies --load-via-partition-root --serializable-deferrable --enable-row-security --table=t --schema=other
  --exclude-schema=other --exclude-table=t --extension=plpgsql --large-objects --no-large-objects
  --exclude-table-data=t --quote-all-identifiers --jobs=2 --restrict-key=k
  --format=tar --format=custom --no-toast-compression --no-unlogged-table-data`);

const ofRestore =
  words(`--data-only --schema-only --clean --create --no-owner --no-privileges --if-exists --statistics-only
  --no-schema --no-data --no-statistics --section=pre-data --section=data --section=post-data --disable-triggers --superuser=boss
  --exit-on-error --single-transaction --transaction-size=5 --jobs=2 --index=i --table=t --schema=other --exclude-schema=other
  --function=f(integer) --no-comments --no-policies --no-publications
  --no-tablespaces --enable-row-security --use-set-session-authorization
  --no-data-for-failed-tables --restrict-key=k`).concat("--trigger=t tr");

/** Where one program takes a pair and the other does not: all of it stands in docs/postgres.md. */
const dumpDifferences: readonly Difference[] = [
  { ours: /--superuser" needs --disable-triggers/, why: "would do nothing" },
  { ours: /--disable-triggers" needs --data-only/, why: "would do nothing" },
  { ours: /stands in scripts only/, why: "the restore of an archive takes it" },
  { ours: /leave nothing to back up/, why: "pg_dump writes a backup of nothing" },
  { ours: /archives in tar format hold rows as COPY text/, why: "not built" },
  { ours: /"--no-large-objects" and "--large-objects" contradict/, why: "pg_dump takes none" },
  { ours: /"--format" is given twice/, why: "pg_dump takes the last" },
  { stocks: /parallel backup only supported by the directory format/, why: "every format is read in parallel" },
];

const restoreDifferences: readonly Difference[] = [
  { ours: /--superuser needs --disable-triggers/, why: "would do nothing" },
  { ours: /--disable-triggers needs --data-only/, why: "would do nothing" },
  { ours: /--(jobs|transaction-size) and --file exclude/, why: "would do nothing" },
  { ours: /"--use-set-session-authorization" and "--no-owner" contradict/, why: "would do nothing" },
];

/** A server that nobody reaches: whoever tries was content with the options. */
const nobody = "postgres://127.0.0.1:1";

interface Difference {
  readonly ours?: RegExp;
  readonly stocks?: RegExp;
  readonly why: string;
}

let database: TestDatabase;
let folder: { readonly path: string } & AsyncDisposable;

beforeAll(async () => {
  database = await withDatabase(await sharedServer(18), "option_pairs");
  folder = await withTemporaryFolder();
  await database.sql(`
    CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, x text COMPRESSION pglz);
    INSERT INTO t (x) VALUES ('a'), ('b'), ('c'); CREATE INDEX i ON t (x);
    COMMENT ON TABLE t IS 'said'; GRANT SELECT ON t TO PUBLIC;
    CREATE POLICY p ON t USING (true);
    CREATE FUNCTION f(integer) RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER tr AFTER INSERT ON t EXECUTE FUNCTION tf();
    CREATE SCHEMA other; CREATE UNLOGGED TABLE other.u (i int); INSERT INTO other.u VALUES (7);
    CREATE TABLE other.parts (k int) PARTITION BY HASH (k);
    CREATE TABLE other.part PARTITION OF other.parts FOR VALUES WITH (MODULUS 1, REMAINDER 0);
    INSERT INTO other.parts VALUES (1); CREATE SEQUENCE other.s; SELECT nextval('other.s');
    CREATE PUBLICATION pub; SELECT lo_from_bytea(4711, 'abc'); ANALYZE t, other.u`);
});

afterAll(async () => {
  await database.drop();
  await folder[Symbol.asyncDispose]();
});

test("pairs of pg_dump's options are taken or refused as by pg_dump, and give the same script", async () => {
  await comparePairs(pairsOf(ofDump), dumpDifferences, async (pair) => {
    const isArchive = pair.some((option) => option.startsWith("--format"));
    const format = isArchive ? [] : ["--format=plain"];
    const where = ["--url", nobody, "--output", join(folder.path, "none"), "--progress=none"];
    const ours = unlessUnreachable(await program(["backup", "single", "x", ...where, ...format, ...pair]));
    const stocks = await stock(18).run("pg_dump", ["-d", database.url, ...pair]);
    const isComparable = ours.status === 0 && stocks.status === 0 && !isArchive;
    return { ours, stocks, written: isComparable ? await dump(pair) : undefined };
  });
}, 600_000);

async function dump(args: readonly string[]): Promise<Buffer> {
  const options = commandLineOf(args);
  const { bytes } = await dumpToMemory(database.server, database.name, {
    format: "plain",
    shape: dumpShape(options),
    session: dumpSession(options),
    selection: await dumpSelection(options, createServices()),
    statistics: options.statistics === true,
  });
  return bytes;
}

test("pairs of pg_restore's options are taken or refused as by pg_restore, and give the same script", async () => {
  const archive = join(folder.path, "archive.dump");
  await stock(18).must("pg_dump", ["-Fc", "--statistics", "-f", archive, "-d", database.url]);
  let scripts = 0;
  await comparePairs(pairsOf(ofRestore), restoreDifferences, async (pair) => {
    scripts += 1;
    const output = join(folder.path, `${scripts}.sql`);
    const [ours, stocks] = await Promise.all([
      program(["restore", "single", archive, "--only-named", `--file=${output}`, "--progress=none", ...pair]),
      stock(18).run("pg_restore", [archive, "-f", "-", ...pair]),
    ]);
    return { ours, stocks, written: await take(output) };
  });
});

test("pairs of pg_restore's options are taken or refused as by pg_restore into a database", async () => {
  const archive = join(folder.path, "archive.dump");
  await stock(18).must("pg_dump", ["-Fc", "--statistics", "-f", archive, "-d", database.url]);
  await comparePairs(pairsOf(ofRestore), restoreDifferences, async (pair) => {
    const [ours, stocks] = await Promise.all([
      program(["restore", "single", archive, "--target=x", "--url", nobody, "--progress=none", ...pair]),
      stock(18).run("pg_restore", [archive, "-d", `${nobody}/x`, ...pair]),
    ]);
    return { ours: unlessUnreachable(ours), stocks: unlessUnreachable(stocks), written: undefined };
  });
});

interface Outcome {
  readonly ours: Pick<Finished, "status" | "stderr">;
  readonly stocks: Pick<Finished, "status" | "stderr" | "stdout">;
  /** Our script. */
  readonly written: Buffer | undefined;
}

async function comparePairs(
  pairs: readonly string[][],
  differences: readonly Difference[],
  run: (pair: readonly string[]) => Promise<Outcome>,
): Promise<void> {
  const unexplained: string[] = [];
  const compare = async (pair: string[]): Promise<void> => {
    const { ours, stocks, written } = await run(pair);
    const isSame = (ours.status === 0) === (stocks.status === 0);
    const isKnown = differences.some((known) =>
      known.ours === undefined ? known.stocks!.test(stocks.stderr) : known.ours.test(ours.stderr),
    );
    if (!isSame && !isKnown) unexplained.push(`${pair.join(" ")}: ours "${ours.stderr}", stock's "${stocks.stderr}"`);
    if (ours.status !== 0 || stocks.status !== 0 || written === undefined) return;
    const difference = firstDifference(lines(written), lines(withoutPublicComment(stocks.stdout)));
    if (difference !== undefined) unexplained.push(`${pair.join(" ")}: ${difference}`);
  };
  const waiting = [...pairs];
  const work = async (): Promise<void> => {
    for (let pair = waiting.pop(); pair !== undefined; pair = waiting.pop()) await compare(pair);
  };
  await Promise.all([work(), work(), work()]);
  // Each difference is long: the first of them say enough.
  expect(unexplained.slice(0, 30)).toEqual([]);
}

function firstDifference(ours: readonly string[], stocks: readonly string[]): string | undefined {
  const at = ours.findIndex((line, index) => line !== stocks[index]);
  if (at < 0 && ours.length === stocks.length) return undefined;
  return `line ${at} ours ${JSON.stringify(ours.slice(at, at + 3))}, stock's ${JSON.stringify(stocks.slice(at, at + 3))}`;
}

/** Written by pg_dump 18 when it quotes all names, and never else. */
function withoutPublicComment(script: Buffer): Buffer {
  const pattern =
    /--\n-- Name: SCHEMA "public"; Type: COMMENT;.*\n--\n\nCOMMENT ON SCHEMA "public" IS 'standard public schema';\n\n\n/;
  return Buffer.from(script.toString("latin1").replace(pattern, ""), "latin1");
}

function lines(script: Buffer): string[] {
  return script
    .toString("latin1")
    .split("\n")
    .filter((line) => !/^(?:-- Dumped |\\(?:un)?restrict )/.test(line));
}

/** Runs our program in this process: a process for each pair would take many minutes. */
async function program(args: readonly string[]): Promise<Pick<Finished, "status" | "stderr">> {
  const stderr = new PassThrough();
  const status = await runCli({
    args,
    environment: {},
    stdout: new PassThrough(),
    stderr: stderr as unknown as WriteStream,
    signal: new AbortController().signal,
    services: createServices(),
  });
  return { status, stderr: String(stderr.read() ?? "") };
}

function unlessUnreachable<T extends { readonly status: number | null; readonly stderr: string }>(outcome: T): T {
  return /connection (?:to server|refused)|cannot connect|could not connect/i.test(outcome.stderr)
    ? { ...outcome, status: 0 }
    : outcome;
}

async function take(file: string): Promise<Buffer | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  await rm(file, { force: true });
  return bytes;
}

/** Each by itself, and each with each other. */
function pairsOf(options: readonly string[]): string[][] {
  return options.flatMap((one, at) => [[one], ...options.slice(at + 1).map((other) => [one, other])]);
}

function words(text: string): string[] {
  return text.split(/\s+/);
}
