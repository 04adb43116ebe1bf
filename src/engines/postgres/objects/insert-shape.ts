import { qualified, quoteIdentifier } from "../sql/quote.ts";
import type { Relation } from "./relation/relation.ts";

/** How INSERT statements are written, as asked for. */
export interface InsertStyle {
  /** With the names of columns. */
  readonly columns: boolean;
  readonly rowsPerStatement: number;
  readonly onConflictDoNothing: boolean;
}

/** INSERT statements of one table. All text is binary strings. */
export interface InsertShape {
  /** Up to VALUES; of tables without columns, all of it. */
  readonly statement: string;
  /** Values that come from the row. */
  readonly fields: readonly InsertField[];
  /** DEFAULTs behind the last of them. */
  readonly after: string;
  readonly rowsPerStatement: number;
  readonly ending: string;
}

export interface InsertField {
  readonly kind: "text" | "number" | "bits" | "boolean" | "none";
  /** DEFAULTs between it and the value before. */
  readonly before: string;
}

/** Base types of columns that are not written as text, by their OIDs, which are the same in every version. */
const kindOfType: Readonly<Record<string, InsertField["kind"]>> = {
  16: "boolean",
  20: "number",
  21: "number",
  23: "number",
  26: "number",
  700: "number",
  701: "number",
  1700: "number",
  1560: "bits",
  1562: "bits",
};

/**
 * The columns of tables that are not written as text, with the types that their domains are made of.
 * @param tables an SQL array of OIDs
 */
export function unquotedColumnsQuery(tables: string): string {
  return (
    "WITH RECURSIVE base AS (SELECT a.attrelid, a.attnum, t.oid, t.typtype, t.typbasetype FROM pg_catalog.pg_attribute a " +
    `JOIN pg_catalog.pg_type t ON t.oid = a.atttypid WHERE a.attrelid = ANY(${tables}) AND a.attnum > 0 ` +
    "UNION ALL SELECT b.attrelid, b.attnum, t.oid, t.typtype, t.typbasetype FROM base b " +
    "JOIN pg_catalog.pg_type t ON t.oid = b.typbasetype WHERE b.typtype = 'd') " +
    `SELECT attrelid, attnum, oid FROM base WHERE oid IN (${Object.keys(kindOfType).join(", ")})`
  );
}

/**
 * @param target where the rows go: the table, or the root of its tree
 * @param typeOf base type of a column by its number, when it is not text
 */
export function insertShape(
  table: Relation,
  target: Relation,
  style: InsertStyle,
  typeOf: (column: number) => string | undefined,
): InsertShape {
  const name = qualified(target.schema, target.name);
  const ending = style.onConflictDoNothing ? " ON CONFLICT DO NOTHING;\n" : ";\n";
  const columns = style.columns ? table.columns.filter(({ generated }) => generated === "") : table.columns;
  const rowsPerStatement = style.rowsPerStatement;
  if (columns.length === 0) {
    return { statement: `INSERT INTO ${name} DEFAULT VALUES;\n`, fields: [], after: "", rowsPerStatement, ending };
  }
  const fields: InsertField[] = [];
  let defaults = 0;
  for (const { number, generated } of columns) {
    if (generated !== "") defaults++;
    else {
      fields.push({ kind: kindOfType[typeOf(number) ?? ""] ?? "text", before: "DEFAULT, ".repeat(defaults) });
      defaults = 0;
    }
  }
  const isOnlyGenerated = fields.length === 0;
  const after = isOnlyGenerated ? Array(defaults).fill("DEFAULT").join(", ") : ", DEFAULT".repeat(defaults);
  const names = style.columns ? `(${columns.map((column) => quoteIdentifier(column.name)).join(", ")}) ` : "";
  const overriding = columns.some(({ identity }) => identity === "a") ? "OVERRIDING SYSTEM VALUE " : "";
  return {
    statement: `INSERT INTO ${name} ${names}${overriding}VALUES`,
    fields: isOnlyGenerated ? [{ kind: "none", before: "" }] : fields,
    after,
    rowsPerStatement,
    ending,
  };
}
