import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkDump } from "../../src/engines/postgres-tools/dump/check-dump.ts";
import { dumpArguments } from "../../src/engines/postgres-tools/dump/dump-arguments.ts";
import { checkRestore } from "../../src/engines/postgres-tools/restore/check-restore.ts";
import { chosenEntries, restoreArguments } from "../../src/engines/postgres-tools/restore/restore-arguments.ts";
import { commands } from "../../src/frontends/cli/commands.ts";
import { dumpSelection } from "../../src/frontends/cli/dump-selection.ts";
import { dumpSession } from "../../src/frontends/cli/dump-session.ts";
import { dumpShape } from "../../src/frontends/cli/dump-shape.ts";
import { readingKeyNames, writingKeyNames } from "../../src/frontends/cli/key-sources.ts";
import type { Option } from "../../src/frontends/cli/options/option.ts";
import { connectionOptionNames, findOption, type OptionValues } from "../../src/frontends/cli/options/options.ts";
import { restoreSelection } from "../../src/frontends/cli/restore-selection.ts";
import type { DumpRequest } from "../../src/ports/dump.ts";
import type { RestoreRequest } from "../../src/ports/restore.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

/** What dbbackup itself does with a backup, whoever reads the database. */
const ours: readonly string[] = [
  "db-type",
  "output",
  "tag",
  "replica",
  "max-duration",
  "engine",
  "tools-path",
  "no-statistics",
  "encrypt",
  ...writingKeyNames,
];
/** Refused by the command itself, as a test of the program shows. */
const refusedBefore = ["resumable", "resume"];
/** Options that are another one in pg_dump, or several. */
const otherNames: Readonly<Record<string, string>> = {
  compression: "--compress=gzip:4",
  "rows-per-insert": "--rows-per-insert=7",
  "on-conflict-do-nothing": "--on-conflict-do-nothing",
  filter: "--table=from_the_file",
  jobs: "--jobs=7",
};
const withInserts = new Set(["rows-per-insert", "on-conflict-do-nothing"]);

const version = { major: 18, minor: 6, text: "18.6" };
const place = { conninfo: "dbname='x'", folder: "/tmp/x" };

function givenValue(option: Option, file: string): unknown {
  const one = { flag: true, integer: 7, size: 9_000, duration: 60, choice: option.values?.[0], text: "word" }[
    option.type
  ];
  const value = option.name === "filter" ? file : option.name === "section" ? "data" : one;
  return option.repeatable === true ? [value] : value;
}

async function requestOf(options: OptionValues, file: string): Promise<DumpRequest> {
  const readTextFile = async (path: string) => (path === file ? "include table from_the_file" : "");
  return {
    connection: {},
    database: "d",
    format: options.format ?? "directory",
    compression: { method: "gzip", level: 4 },
    selection: await dumpSelection(options, { readTextFile }),
    shape: dumpShape(options),
    session: dumpSession(options),
    statistics: options.statistics === true,
    allowedExtensions: options["allow-extension"] ?? [],
    ...(options["archive-version"] === undefined ? {} : { archiveVersion: options["archive-version"] }),
    ...(options["restrict-key"] === undefined ? {} : { restrictKey: options["restrict-key"] }),
    jobs: options.jobs ?? 2,
    jobsAreAsked: options.jobs !== undefined,
    ...(options["split-larger-than"] === undefined ? {} : { splitLargerThan: options["split-larger-than"] }),
    ...(options["max-rate"] === undefined ? {} : { maxRate: options["max-rate"] }),
    applicationName: "test",
  };
}

/** Options of other servers never come so far. */
function isForPostgres(name: string): boolean {
  const { family } = findOption(name)!;
  return family === undefined || family === "postgres";
}

const command = commands.find(({ words }) => words.join(" ") === "backup single")!;
const names = command.options.filter(
  (name) => isForPostgres(name) && ![...connectionOptionNames, ...ours, ...refusedBefore].includes(name),
);

test.each(names)("--%s of a backup is an argument of pg_dump, or refused", async (name) => {
  await using folder = await withTemporaryFolder();
  const file = join(folder.path, "filter");
  await writeFile(file, "include table from_the_file\n");
  const options = {
    ...(withInserts.has(name) ? { inserts: true } : {}),
    [name]: givenValue(findOption(name)!, file),
  };
  const request = await requestOf(options as OptionValues, file);
  try {
    checkDump(request);
  } catch (error) {
    expect(error).toMatchObject({ code: "USAGE", message: expect.stringContaining(`"--${name}`) });
    return;
  }
  const args = dumpArguments(request, place, version);
  const argument = otherNames[name] ?? `--${name}`;
  expect(args.some((arg) => arg === argument || arg.startsWith(`${argument}=`))).toBe(true);
});

test("an older pg_dump is not given what it does not know", async () => {
  const request = await requestOf({ "exclude-extension": ["x"] } as OptionValues, "");
  expect(() => dumpArguments(request, place, { major: 16, minor: 16, text: "16.16" })).toThrow(
    '"--exclude-extension" needs pg_dump 17 or newer, and the one found is 16.16',
  );
  const zstd: DumpRequest = { ...(await requestOf({}, "")), compression: { method: "zstd", level: 3 } };
  expect(() => dumpArguments(zstd, place, { major: 15, minor: 20, text: "15.20" })).toThrow(
    '"--compress" needs pg_dump 16',
  );
  const gzip = dumpArguments(await requestOf({}, ""), place, { major: 15, minor: 20, text: "15.20" });
  expect(gzip).toContain("--compress=4");
});

/** What dbbackup itself does with a restore, whoever does it: finding, checking, asking. */
const oursOfRestores = [
  ...readingKeyNames,
  "target",
  "list",
  "dry-run",
  "verify-first",
  "salvage",
  "confirm",
  "untrusted",
  "allow-extension",
  "engine",
  "tools-path",
  "restrict-key",
  "strict-names",
];
/** Planned natively: pg_restore gets the entries by number. */
const chosenByName = new Set(["table", "schema", "exclude-schema", "index", "function", "trigger", "use-list"]);
/** Of those: they only change what the others mean, or add to them. */
const changingNames = ["only-named", "filter"];
/** Refused or done elsewhere, as other tests show. */
const refusedOfRestores = ["file"];
const valuesOfRestores: Readonly<Record<string, string>> = {
  "on-error": "--exit-on-error",
  "exit-on-error": "--exit-on-error",
  "no-data-for-failed-tables": "--exit-on-error",
};

const restore = commands.find(({ words }) => words.join(" ") === "restore single")!;
const restoreNames = restore.options.filter(
  (name) =>
    isForPostgres(name) &&
    ![...connectionOptionNames, ...oursOfRestores, ...changingNames, ...refusedOfRestores].includes(name),
);

function restoreRequestOf(options: OptionValues): RestoreRequest {
  const is = (name: keyof OptionValues): boolean => options[name] === true;
  return {
    connection: {},
    ...restoreSelection(options),
    ...(options["use-list"] === undefined ? {} : { useList: "1;" }),
    create: is("create"),
    clean: is("clean"),
    ifExists: is("if-exists"),
    onError: options["on-error"] ?? "stop",
    singleTransaction: is("single-transaction"),
    ...(options["transaction-size"] === undefined ? {} : { transactionSize: options["transaction-size"] }),
    disableTriggers: is("disable-triggers"),
    ...(options.superuser === undefined ? {} : { superuser: options.superuser }),
    ...(options.role === undefined ? {} : { role: options.role }),
    enableRowSecurity: is("enable-row-security"),
    useSessionAuthorization: is("use-set-session-authorization"),
    jobs: { count: options.jobs ?? 2, isAsked: options.jobs !== undefined },
    ...(options["split-larger-than"] === undefined ? {} : { splitLargerThan: options["split-larger-than"] }),
    ...(options["max-plain-size"] === undefined ? {} : { maxPlainBytes: options["max-plain-size"] }),
    ...(is("resume") ? { journal: "resume" } : is("resumable") ? { journal: "new" } : {}),
    analyze: is("analyze"),
    untrusted: false,
    confirmed: false,
  };
}

test.each(restoreNames)("--%s of a restore is an argument of pg_restore, or refused", (name) => {
  const request = restoreRequestOf({ [name]: givenValue(findOption(name)!, "") } as OptionValues);
  const plan = { target: "d", steps: [], leftOut: new Map<string, number>(), needsTrust: [], listing: [] };
  try {
    checkRestore(request, { format: "custom", database: "d" });
  } catch (error) {
    expect(error).toMatchObject({ code: "USAGE", message: expect.stringContaining(`"--${name}`) });
    return;
  }
  if (chosenByName.has(name)) return expect(chosenEntries(request, plan)).toBe("");
  const args = restoreArguments(request, "custom", { conninfo: "dbname='x'", archive: "/tmp/x" }, version);
  const argument = valuesOfRestores[name] ?? `--${name}`;
  expect(args.some((arg) => arg === argument || arg.startsWith(`${argument}=`))).toBe(true);
});
