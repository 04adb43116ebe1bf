import type { TocEntry } from "../archive/toc-entry.ts";
import type { TableLocks } from "./table-locks.ts";

/** A statement of its own, and what it locks. */
export interface Step {
  /** With what follows it in the definition; ends with a line feed. */
  readonly sql: string;
  readonly locks: TableLocks;
}

/** A constraint that is made in two statements, the longer of which lets others work on the same tables. */
export interface TwoSteps {
  readonly first: Step;
  readonly second: Step;
  /** Which of them takes the time; the other one is done in a moment. */
  readonly long: "first" | "second";
  /** Takes the first step back, when the second fails. */
  readonly undo: string;
}

/** 32 columns with names of 63 bytes, included ones and what follows: no key that pg_dump writes is longer. */
const maxLength = 16 * 1024;

/** All text is bytes: what is above ASCII belongs to names. */
const name = String.raw`(?:"[^"]*(?:""[^"]*)*"|[a-z_\x80-\xff][a-z0-9_$\x80-\xff]*)`;
const names = `${name}(?:, ${name})*`;
const qualifiedName = String.raw`(?:${name}\.)?${name}`;
const head = String.raw`^ALTER TABLE ONLY (?<table>${qualifiedName})\n {4}ADD CONSTRAINT (?<constraint>${name}) `;

const key = new RegExp(
  String.raw`${head}(?<kind>PRIMARY KEY|UNIQUE)(?<nulls> NULLS NOT DISTINCT)? \((?<columns>${names})\)` +
    String.raw`(?<included> INCLUDE \(${names}\))?(?<storage> WITH \([a-z_]+='?\w+'?(?:, [a-z_]+='?\w+'?)*\))?;\n(?<rest>[\s\S]*)$`,
);
const action = String.raw`ON (?:UPDATE|DELETE) (?:CASCADE|RESTRICT|SET NULL|SET DEFAULT)(?: \(${names}\))?`;
const foreignKey = new RegExp(
  String.raw`${head}(?<body>FOREIGN KEY \(${names}\) REFERENCES (?<referenced>${qualifiedName})\(${names}\)` +
    String.raw`(?: MATCH FULL| ${action}| DEFERRABLE| INITIALLY DEFERRED)*);\n$`,
);

/**
 * A constraint in two steps, if its statement is exactly of the form that pg_dump writes and its table can have it so:
 *
 * - a primary key or unique constraint: CREATE UNIQUE INDEX, beside which other indexes of the table can be built, and
 *   ADD CONSTRAINT ... USING INDEX, which locks the table for a moment. ADD PRIMARY KEY locks it for all of the time.
 * - a foreign key: ADD CONSTRAINT ... NOT VALID, and VALIDATE CONSTRAINT, which lets other keys to the same table be
 *   checked, where ADD FOREIGN KEY locks both tables.
 *
 * Whatever has another form (deferrable keys, WITHOUT OVERLAPS, exclusion constraints, keys of partitioned tables, of
 * which pg_dump writes no ONLY or which no rows are in) is left as it is.
 *
 * @param tableOf the entry of a table, by dump id
 */
export function inTwoSteps(entry: TocEntry, tableOf: (dumpId: number) => TocEntry | undefined): TwoSteps | undefined {
  const { desc, definition, dependencies } = entry;
  if (definition === null || definition.length > maxLength || (desc !== "CONSTRAINT" && desc !== "FK CONSTRAINT"))
    return undefined;
  const tables = dependencies.map(tableOf).filter((table) => table?.desc === "TABLE" && !isPartitioned(table));
  const idOf = (quoted: string): number | undefined => tables.find((table) => isNamed(table!, quoted))?.dumpId;
  return desc === "CONSTRAINT" ? uniqueKey(definition, idOf) : foreign(definition, idOf);
}

/** The same for a restore that may have ended between the two steps: what is left of the first one makes way. */
export function repeatable({ first, second, long, undo }: TwoSteps): TwoSteps {
  const sql = `${undo};\n${first.sql}`;
  if (long === "first") return { first: { ...first, sql }, second, long, undo };
  // A table is locked to see whether it has a constraint, and not to see whether there is an index.
  const locks = new Map([...first.locks.keys()].map((table) => [table, "access-exclusive"] as const));
  return { first: { sql, locks }, second, long, undo };
}

function uniqueKey(definition: string, idOf: (name: string) => number | undefined): TwoSteps | undefined {
  const found = key.exec(definition)?.groups;
  const id = found === undefined ? undefined : idOf(found.table!);
  if (found === undefined || id === undefined) return undefined;
  const { table, constraint, kind, columns, nulls = "", included = "", storage = "", rest = "" } = found;
  const index = `CREATE UNIQUE INDEX ${constraint} ON ${table} USING btree (${columns})${included}${nulls}${storage};\n`;
  const schema = splitName(table!).schema;
  return {
    first: { sql: index, locks: new Map([[id, "share"]]) },
    second: {
      sql: `ALTER TABLE ONLY ${table}\n    ADD CONSTRAINT ${constraint} ${kind} USING INDEX ${constraint};\n${rest}`,
      locks: new Map([[id, "access-exclusive"]]),
    },
    long: "first",
    undo: `DROP INDEX IF EXISTS ${schema === undefined ? "" : `${schema}.`}${constraint}`,
  };
}

function foreign(definition: string, idOf: (name: string) => number | undefined): TwoSteps | undefined {
  const found = foreignKey.exec(definition)?.groups;
  if (found === undefined) return undefined;
  const { table, constraint, body, referenced } = found;
  const [from, to] = [idOf(table!), idOf(referenced!)];
  if (from === undefined || to === undefined) return undefined;
  const alter = `ALTER TABLE ONLY ${table}\n    `;
  return {
    first: {
      sql: `${alter}ADD CONSTRAINT ${constraint} ${body} NOT VALID;\n`,
      locks: new Map([
        [from, "share-row-exclusive"],
        [to, "share-row-exclusive"],
      ]),
    },
    second: {
      sql: `${alter}VALIDATE CONSTRAINT ${constraint};\n`,
      // The stronger of the two when a table refers to itself.
      locks: new Map([
        [to, "row-share"],
        [from, "share-update-exclusive"],
      ]),
    },
    long: "second",
    undo: `${alter}DROP CONSTRAINT IF EXISTS ${constraint}`,
  };
}

/** Whether a quoted, perhaps qualified name is that of a table. */
function isNamed({ namespace, tag }: TocEntry, quoted: string): boolean {
  const { schema, relation } = splitName(quoted);
  return unquoted(relation) === tag && (schema === undefined || unquoted(schema) === namespace);
}

const nameInFront = new RegExp(`^(?:(${name})\\.)?(${name})$`);

function splitName(quoted: string): { readonly schema: string | undefined; readonly relation: string } {
  const [, schema, relation = ""] = nameInFront.exec(quoted) ?? [];
  return { schema, relation };
}

function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}

function isPartitioned({ relkind, definition }: TocEntry): boolean {
  return relkind === "p" || /\nPARTITION BY /.test(definition ?? "");
}
