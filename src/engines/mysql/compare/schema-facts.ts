import { BackupError } from "../../../core/backup-error.ts";
import type { Row } from "../../../wire/mysql/connection.ts";
import { quoteName } from "../quote.ts";
import { type ComparisonSession, isDatabase } from "./comparison-session.ts";
import { type FactQuery, factQueries } from "./fact-queries.ts";

/** What a database holds: by the name of an object (`table orders`), its aspects and what each is. */
export type SchemaFacts = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Columns of the views of the information schema: they tell what a server knows better than its version. */
type Views = ReadonlyMap<string, ReadonlySet<string>>;

/** @throws BackupError PRECHECK when this user may not see a definition */
export async function readSchemaFacts(session: ComparisonSession): Promise<SchemaFacts> {
  const views = await readViews(session);
  const facts = new Map<string, ReadonlyMap<string, string>>();
  for (const query of factQueries) {
    if (!isThere(query, views)) continue;
    for (const row of await session.connection.rows(sqlOf(query, views, session))) addFacts(facts, query, row, session);
  }
  for (const [name, aspects] of await readSequences(session)) facts.set(name, aspects);
  return facts;
}

async function readViews({ connection }: ComparisonSession): Promise<Views> {
  const rows = await connection.rows(
    `SELECT TABLE_NAME AS v, COLUMN_NAME AS c FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'information_schema'`,
  );
  const views = new Map<string, Set<string>>();
  for (const { v, c } of rows) {
    const view = v!.toUpperCase();
    views.set(view, (views.get(view) ?? new Set<string>()).add(c!.toUpperCase()));
  }
  return views;
}

function isThere({ from, with: needed, without }: FactQuery, views: Views): boolean {
  if (needed !== undefined) return views.get(needed[0])?.has(needed[1]) === true;
  if (without !== undefined) return views.has(without[0]) && !views.get(without[0])!.has(without[1]);
  return views.has(viewOf(from));
}

/** The first view of a FROM clause. */
function viewOf(from: string): string {
  return /^information_schema\.(\w+)/.exec(from)![1]!;
}

function sqlOf(query: FactQuery, views: Views, session: ComparisonSession): string {
  const columns = views.get(viewOf(query.from))!;
  const optional = Object.entries(query.optional ?? {}).filter(([column]) => columns.has(column));
  const aspects = [...Object.entries(query.aspects), ...optional].map(
    ([aspect, sql]) => `${sql} AS ${quoteName(aspect)}`,
  );
  const names = query.name.map((sql, index) => `${sql} AS ${quoteName(`name ${index}`)}`);
  const where = [isDatabase(query.schema, session), ...(query.where === undefined ? [] : [query.where])];
  return `SELECT ${query.schema} AS ${quoteName("schema")}, ${[...names, ...aspects].join(", ")}
    FROM ${query.from} WHERE ${where.join(" AND ")}`;
}

function addFacts(
  facts: Map<string, ReadonlyMap<string, string>>,
  query: FactQuery,
  row: Row,
  { database }: ComparisonSession,
): void {
  const { schema, ...values } = row;
  // The question also finds what differs from the name in the size of letters.
  if (schema !== database) return;
  const name = query.name.map((_, index) => values[`name ${index}`] ?? "").filter((part) => part !== "");
  const title =
    query.kind === "" ? `${name[0]} ${name.slice(1).join(".")}` : [query.kind, name.join(".")].join(" ").trimEnd();
  if (query.guarded !== undefined && (values[query.guarded] ?? "") === "") throw hidden(title);
  const aspects = new Map<string, string>();
  for (const [aspect, value] of Object.entries(values)) {
    if (value === null || aspect.startsWith("name ")) continue;
    const isQualified = query.qualified?.includes(aspect) === true;
    aspects.set(aspect.toLowerCase(), plain(isQualified ? value.replaceAll(`${quoteName(database)}.`, "") : value));
  }
  facts.set(title, aspects);
}

/** Servers of different times write the same type and character set differently. */
function plain(value: string): string {
  return value
    .replace(/^((?:tiny|small|medium|big)?int)\(\d+\)(?! unsigned zerofill)/, "$1")
    .replace(/^utf8(_|$)/, "utf8mb3$1");
}

/** Definition and state of MariaDB's sequences; each is a table of one row. */
async function readSequences(session: ComparisonSession): Promise<Map<string, ReadonlyMap<string, string>>> {
  const { connection, facts, database } = session;
  if (!facts.capabilities.sequences) return new Map();
  const rows = await connection.rows(
    `SELECT TABLE_SCHEMA AS s, TABLE_NAME AS n FROM information_schema.TABLES
     WHERE ${isDatabase("TABLE_SCHEMA", session)} AND TABLE_TYPE = 'SEQUENCE'`,
  );
  const sequences = new Map<string, ReadonlyMap<string, string>>();
  for (const { s, n } of rows) {
    if (s !== database) continue;
    const [values = {}] = await connection.rows(`SELECT * FROM ${quoteName(database)}.${quoteName(n!)}`);
    const known = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== null);
    sequences.set(`sequence ${n}`, new Map([["exists", "yes"], ...known]));
  }
  return sequences;
}

function hidden(title: string): BackupError {
  return new BackupError({
    code: "PRECHECK",
    message: `this user may not see the definition of ${title}, so it cannot be compared`,
    object: title,
    hint: "log in as its definer, or grant SHOW VIEW, TRIGGER, EVENT and SHOW_ROUTINE (MariaDB: SHOW CREATE ROUTINE, or SELECT on mysql.proc)",
  });
}
