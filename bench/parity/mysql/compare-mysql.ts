import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Relation, readRelations } from "../../../src/engines/mysql/objects/read-relations.ts";
import { quoteName } from "../../../src/engines/mysql/quote.ts";
import { MysqlConnection } from "../../../src/wire/mysql/connection.ts";
import { resolveMysqlConnection } from "../../../src/wire/mysql/conninfo/resolve-mysql-connection.ts";
import { runProgram } from "../../../tests/helpers/run-program.ts";
import { compareTexts } from "../compare-texts.ts";
import type { DatabaseReport, Difference } from "../difference.ts";
import { madeOf, makeBackup, program } from "../make-backup.ts";
import { readParts } from "./read-parts.ts";

export interface MysqlParityRequest {
  readonly url: string;
  /** Where mysqldump or mariadb-dump is; PATH when absent. */
  readonly toolsPath: string | undefined;
  /** Load both scripts, each with the other's client, into databases that are made and dropped. */
  readonly loads: boolean;
}

/**
 * Backs up a database with both engines, and compares what their scripts make. Nobody may write to it meanwhile: two dumps of
 * MySQL cannot have one snapshot.
 */
export async function compareMysqlEngines(database: string, request: MysqlParityRequest): Promise<DatabaseReport> {
  const spec = await resolveMysqlConnection({ url: request.url, applicationName: "dbbackup parity" });
  await using connection = await MysqlConnection.connect({ ...spec, database: undefined });
  const [about] = await connection.rows("SELECT VERSION() AS version");
  const folder = await mkdtemp(join(tmpdir(), "dbbackup-parity-"));
  try {
    const [native, tools] = [join(folder, "native.sql"), join(folder, "tools.sql")];
    const places = request.toolsPath === undefined ? [] : ["--tools-path", request.toolsPath];
    const engine = ["--engine", "tools", ...places];
    const args = ["--url", request.url, "--format", "sql"];
    const byTools = await makeBackup({ database, args: [...args, ...engine], output: tools });
    const byUs = await makeBackup({ database, args, output: native });
    const differences = [...(await compareScripts(native, tools))];
    if (request.loads) {
      const loads = { connection, database, request };
      differences.push(...(await loadAndCompare(native, engine, "native", loads)));
      differences.push(...(await loadAndCompare(tools, [], "tools", loads)));
    }
    return {
      database,
      product: /mariadb/i.test(about!.version!) ? "MariaDB" : "MySQL",
      server: about!.version!,
      formats: [{ format: "sql", native: madeOf(byUs), tools: madeOf(byTools), differences }],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compareScripts(native: string, tools: string): Promise<Difference[]> {
  const [ours, theirs] = [await readParts(native), await readParts(tools)];
  const differences = compareTexts(sorted(ours.parts), sorted(theirs.parts), "text");
  for (const table of new Set([...ours.rows.keys(), ...theirs.rows.keys()])) {
    const [one, other] = [ours.rows.get(table) ?? 0, theirs.rows.get(table) ?? 0];
    if (one !== other) differences.push({ kind: "rows", object: table, native: `${one}`, tools: `${other}` });
  }
  return differences;
}

function sorted(parts: readonly string[]): string[] {
  return parts.map(withoutMeantDifferences).toSorted();
}

/** What docs/mysql.md ("Other than mysqldump and mariadb-dump") names. */
function withoutMeantDifferences(part: string): string {
  return (
    part
      // The same of three names of one character set.
      .replaceAll(/\butf8mb3\b/g, "utf8")
      // Ours says the collation where an old server says only its character set.
      .replaceAll(/ COLLATE[= ]\w+/g, "")
  );
}

interface Loads {
  readonly connection: MysqlConnection;
  readonly database: string;
  readonly request: MysqlParityRequest;
}

interface ComparisonDocument {
  readonly schema_differences: readonly { readonly object: string; readonly aspect: string }[];
  readonly data_differences: readonly { readonly object: string }[];
}

/** Each script is run by the other's client. What is in the databases then must be the same. */
async function loadAndCompare(
  script: string,
  engine: readonly string[],
  side: "native" | "tools",
  { connection, database, request: { url } }: Loads,
): Promise<Difference[]> {
  const target = `parity_${randomBytes(6).toString("hex")}`;
  const [defaults] = await connection.rows(
    `SELECT @@lower_case_table_names, DEFAULT_COLLATION_NAME AS collation FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '${database.replaceAll("'", "''")}'`,
  );
  await connection.query(`CREATE DATABASE ${target} COLLATE ${defaults!.collation}`);
  try {
    const restore = ["restore", "single", script, "--url", url, "--target", target, ...engine, "--quiet"];
    const loaded = await runProgram(process.execPath, [program, ...restore]);
    if (side === "tools" && sequenceInDefault.test(loaded.stderr)) return [];
    if (loaded.status !== 0) return [difference("load", "", loaded.stderr)];
    const compared = await runProgram(process.execPath, [
      program,
      "compare",
      urlOf(url, database),
      urlOf(url, target),
      "--json",
      "--progress",
      "none",
      "--quiet",
    ]);
    const { schema_differences: schema, data_differences: data } = JSON.parse(
      compared.stdout.toString(),
    ) as ComparisonDocument;
    const meant = side === "tools" ? await tablesThatLose(connection, database) : new Set<string>();
    return [
      ...schema.map(({ object, aspect }) => difference("loaded", object, aspect)),
      ...data
        .filter(({ object }) => !meant.has(object.replace(/^table /, "")))
        .map(({ object }) => difference("loaded", object, "its rows differ")),
    ];
  } finally {
    await connection.query(`DROP DATABASE ${quoteName(target)}`);
  }

  function difference(kind: "load" | "loaded", object: string, text: string): Difference {
    return { kind, object, native: side === "native" ? text : null, tools: side === "tools" ? text : null };
  }
}

/** Scripts of mariadb-dump lock each table that they fill, but not a sequence from which it takes a default. */
const sequenceInDefault = /error 1100 .*was not locked with LOCK TABLES/;
const isUnicode = /^utf8/;

/** Tables of which the stock programs do not keep everything: docs/mysql.md tells what of which types. */
async function tablesThatLose(connection: MysqlConnection, database: string): Promise<ReadonlySet<string>> {
  const losing = new Set<string>();
  for (const table of await readRelations(connection, database)) {
    const loses = table.columns.some(
      ({ type, charset }) => type === "float" || type === "json" || (charset !== undefined && !isUnicode.test(charset)),
    );
    if (loses || (table.kind === "table" && (await holdsInvalidDates(connection, database, table))))
      losing.add(table.name);
  }
  return losing;
}

/** Such as 2024-02-31, which ALLOW_INVALID_DATES let in. */
async function holdsInvalidDates(connection: MysqlConnection, database: string, table: Relation): Promise<boolean> {
  const dates = table.columns.filter(({ type }) => type === "date" || type === "datetime");
  if (dates.length === 0) return false;
  const isInvalid = dates.map(({ name }) => {
    // Functions of dates say nothing of these.
    const text = `CAST(${quoteName(name)} AS CHAR)`;
    return `SUBSTR(${text}, 9, 2) > DAY(LAST_DAY(CONCAT(LEFT(${text}, 8), '01')))`;
  });
  const place = `${quoteName(database)}.${quoteName(table.name)}`;
  const [row] = await connection.rows(`SELECT EXISTS(SELECT 1 FROM ${place} WHERE ${isInvalid.join(" OR ")}) AS found`);
  return row?.found === "1";
}

function urlOf(url: string, database: string): string {
  const place = new URL(url);
  place.pathname = `/${encodeURIComponent(database)}`;
  return place.href;
}
