import { qualified, quoteIdentifier } from "../../sql/quote.ts";
import { formatReloptions } from "../../sql/reloptions.ts";
import { type Column, isPrinted, isWithoutRow, type NotNull, type Relation, tableWord } from "./relation.ts";

/** CREATE TABLE with its columns, inline constraints and storage parameters. Settings that need ALTER follow elsewhere. */
export function createTable(table: Relation): string {
  // Servers before 18 let a partitioned table be called unlogged; it never meant anything, and 18 refuses it.
  const unlogged = table.persistence === "u" && table.relkind !== "p" ? "UNLOGGED " : "";
  const name = qualified(table.schema, table.name);
  const ofType = table.ofType === null ? "" : ` OF ${table.ofType}`;
  const clauses = `${body(table)}${inherits(table)}${partitionBy(table)}${server(table)}${withOptions(table)}`;
  return `CREATE ${unlogged}${tableWord(table)} ${name}${ofType}${clauses}${foreignOptions(table)};\n`;
}

/** `\nWITH (...)` with the storage parameters of a relation and of its TOAST table, or nothing. */
export function withOptions(relation: Relation): string {
  if (relation.options.length === 0 && relation.toastOptions.length === 0) return "";
  const options = [formatReloptions(relation.options), formatReloptions(relation.toastOptions, "toast.")];
  const given = options.filter((text) => text !== "");
  return given.length === 0 ? "" : `\nWITH (${given.join(", ")})`;
}

function body(table: Relation): string {
  const clauses: string[] = [];
  for (const column of table.columns) {
    const clause = columnClause(table, column);
    if (clause !== undefined) clauses.push(clause);
  }
  for (const check of table.checks) {
    if (check.separate || !(check.isLocal || table.partitionBound !== null)) continue;
    clauses.push(`CONSTRAINT ${quoteIdentifier(check.name)} ${check.condition}`);
  }
  if (clauses.length > 0) return ` (\n    ${clauses.join(",\n    ")}\n)`;
  // The grammar wants a list, even an empty one, except behind OF.
  return table.ofType === null ? " (\n)" : "";
}

function columnClause(table: Relation, column: Column): string | undefined {
  const notNull = column.notNull;
  const name = quoteIdentifier(column.name);
  if (!isPrinted(table, column)) {
    if (notNull?.isLocal !== true || isWithoutRow(notNull)) return undefined;
    return `${notNullClause(notNull)} ${name}${noInherit(notNull)}`;
  }
  const value = defaultClause(column);
  const statesNotNull = notNull !== undefined && (notNull.isLocal || table.partitionBound !== null);
  if (table.ofType !== null && value === "" && !statesNotNull) return undefined;
  const type = table.ofType === null ? ` ${column.type}` : "";
  const constraint = statesNotNull ? ` ${notNullClause(notNull)}${noInherit(notNull)}` : "";
  const collation = column.collation === null ? "" : ` COLLATE ${column.collation}`;
  return `${name}${type}${value}${constraint}${collation}`;
}

function defaultClause(column: Column): string {
  const value = column.default;
  if (value === undefined || value.isInherited) return "";
  if (column.generated !== "") {
    return ` GENERATED ALWAYS AS (${value.expression})${column.generated === "s" ? " STORED" : ""}`;
  }
  return value.separate === true ? "" : ` DEFAULT ${value.expression}`;
}

function notNullClause(notNull: NotNull): string {
  return notNull.name === null ? "NOT NULL" : `CONSTRAINT ${quoteIdentifier(notNull.name)} NOT NULL`;
}

function noInherit(notNull: NotNull): string {
  return notNull.noInherit ? " NO INHERIT" : "";
}

function inherits(table: Relation): string {
  if (table.parents.length === 0 || table.partitionBound !== null) return "";
  return `\nINHERITS (${table.parents.map((parent) => qualified(parent.schema, parent.name)).join(", ")})`;
}

function server(table: Relation): string {
  return table.foreign === null ? "" : `\nSERVER ${quoteIdentifier(table.foreign.server)}`;
}

function foreignOptions(table: Relation): string {
  return table.foreign === null ? "" : table.foreign.options.replace(" ", "\n");
}

function partitionBy(table: Relation): string {
  return table.partitionKey === null ? "" : `\nPARTITION BY ${table.partitionKey}`;
}
