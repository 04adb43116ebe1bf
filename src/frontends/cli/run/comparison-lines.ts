import { counted, formatCount } from "../../../core/counted.ts";
import { shownType } from "../../../core/database-type.ts";
import { printable } from "../../../core/printable.ts";
import type {
  ComparedSide,
  Comparison,
  DataDifference,
  RowDifference,
  SchemaDifference,
  ValueDifference,
} from "../../../ports/comparison.ts";

/** Longer values are cut: a function's body, a view's definition. `--json` has them whole. */
const longestValue = 160;

/** A comparison for people: the verdict, what was compared, what differs. */
export function comparisonLines(result: Comparison): string[] {
  return [
    `${result.equal ? "equal" : "DIFFERENT"}  A: ${sideText(result.left)}, B: ${sideText(result.right)}`,
    ...schemaSummary(result),
    `  rows    ${counted(result.tablesCompared, "table")}, ${counted(result.rowsCompared, "row")}` +
      found(result.dataDifferenceCount, "table differs", "tables differ"),
    ...result.schemaDifferences.flatMap(schemaLines),
    ...untold(result.schemaDifferences, result.schemaDifferenceCount),
    ...result.dataDifferences.flatMap(dataLines),
    ...untold(result.dataDifferences, result.dataDifferenceCount),
    ...result.notes.map((note) => `  note    ${printable(note)}`),
  ];
}

/** Nothing where the schema was not compared and nothing is missing. */
function schemaSummary({ objectsCompared, schemaDifferenceCount: count }: Comparison): string[] {
  if (objectsCompared === 0 && count === 0) return [];
  return [`  schema  ${counted(objectsCompared, "object")}${found(count, "difference", "differences")}`];
}

/** The same for programs, as `--json` prints it. */
export function comparisonDocument(result: Comparison): object {
  return {
    equal: result.equal,
    a: sideDocument(result.left),
    b: sideDocument(result.right),
    objects_compared: result.objectsCompared,
    tables_compared: result.tablesCompared,
    rows_compared: result.rowsCompared,
    schema_difference_count: result.schemaDifferenceCount,
    schema_differences: result.schemaDifferences.map(({ object, aspect, left, right }) => ({
      object,
      aspect,
      a: left ?? null,
      b: right ?? null,
    })),
    ...(result.schemaStatements === undefined ? {} : { schema_statements: result.schemaStatements }),
    data_difference_count: result.dataDifferenceCount,
    data_differences: result.dataDifferences.map(({ object, leftRows, rightRows, samples }) => ({
      object,
      a_rows: leftRows,
      b_rows: rightRows,
      samples: samples.map(({ key, on, columns, values }) => ({
        key,
        in: sideNames[on],
        columns,
        ...(values === undefined ? {} : { values: values.map(valueDocument) }),
      })),
    })),
    ...(result.earlier === undefined ? {} : { compared_earlier: result.earlier }),
    notes: result.notes,
  };
}

/** A side that has not the row has no member. */
const valueDocument = ({ column, left, right }: ValueDifference): object => ({
  column,
  ...(left === undefined ? {} : { a: left }),
  ...(right === undefined ? {} : { b: right }),
});

/** The script that makes B's schema like A's, with the comparison in front of it as comments. */
export function schemaScript(result: Comparison): string[] {
  return [
    ...comparisonLines(result).map((line) => `-- ${line}`),
    "",
    "-- what makes the schema of B like that of A; read it before you run it in B",
    "set check_function_bodies = off;",
    ...(result.schemaStatements ?? []).map((statement) => {
      if (unprintable.test(statement)) return `-- with control characters, see --json: ${printable(statement)}`;
      return statement.startsWith("--") ? statement : `${statement};`;
    }),
  ];
}

/** What could do something to a terminal; line ends and tabs cannot. */
const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

const sideNames = { left: "a", right: "b", both: "both" } as const;

const sideDocument = ({ kind, database, serverVersion }: ComparedSide): object => ({
  kind,
  database,
  server_version: serverVersion,
});

const sideText = ({ kind, databaseType = "postgres", database, serverVersion }: ComparedSide): string =>
  `${kind === "backup" ? "backup of " : ""}"${printable(database)}" (${shownType[databaseType]} ${printable(serverVersion)})`;

function found(count: number, one: string, many: string): string {
  return count === 0 ? ", no difference" : `, ${formatCount(count)} ${count === 1 ? one : many}`;
}

function schemaLines({ object, aspect, left, right }: SchemaDifference): string[] {
  const name = printable(object);
  if (aspect === "exists") return [`  schema  ${name}: only in ${left === undefined ? "B" : "A"}`];
  return [`  schema  ${name}: ${aspect}`, `            A  ${value(left)}`, `            B  ${value(right)}`];
}

function value(text: string | undefined): string {
  if (text === undefined) return "-";
  const line = printable(text.replaceAll(/\s+/g, " ").trim());
  return line.length <= longestValue ? line : `${line.slice(0, longestValue)}...`;
}

function dataLines({ object, leftRows, rightRows, samples }: DataDifference): string[] {
  const rows =
    leftRows === rightRows ? counted(leftRows, "row") : `${formatCount(leftRows)} and ${counted(rightRows, "row")}`;
  return [`  rows    ${printable(object)}: ${rows}`, ...samples.flatMap(sampleLines)];
}

function sampleLines(sample: RowDifference): string[] {
  const values = (sample.values ?? []).flatMap(({ column, left, right }) => [
    ...(left === undefined ? [] : [`              A  ${printable(column)} = ${shownValue(left)}`]),
    ...(right === undefined ? [] : [`              B  ${printable(column)} = ${shownValue(right)}`]),
  ]);
  return [`            ${sampleText(sample)}`, ...values];
}

/** A text that says NULL is told from none. */
const shownValue = (text: string | null): string =>
  text === null ? "NULL" : `'${printable(text).replaceAll("'", "''")}'`;

function sampleText({ key, on, columns }: RowDifference): string {
  if (on !== "both") return `${printable(key)}: only in ${on === "left" ? "A" : "B"}`;
  return `${printable(key)}: other ${columns.map(printable).join(", ")}`;
}

function untold(told: readonly unknown[], count: number): string[] {
  return count === told.length ? [] : [`          and ${formatCount(count - told.length)} more`];
}
