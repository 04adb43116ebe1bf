import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { Relation } from "../objects/read-relations.ts";
import { quoteName } from "../quote.ts";
import { losesTypes } from "./json-literal.ts";

/** Rows of a table with JSON values that their text does not tell wholly. */
export interface TypedJson {
  /** Columns that hold such values. */
  readonly columns: readonly string[];
  /** Conditions of these rows, and of all others. */
  readonly typed: string;
  readonly others: string;
}

/**
 * Looks for JSON values of a table that hold dates, times, decimals or bytes: at each, until one is found.
 * @param session of a server that can look into them
 * @returns undefined when there is none
 */
export async function findTypedJson(session: MysqlConnection, table: Relation): Promise<TypedJson | undefined> {
  const columns: string[] = [];
  for (const { name, type, isGenerated } of table.columns) {
    if (type !== "json" || isGenerated) continue;
    const sql = `SELECT EXISTS(SELECT 1 FROM ${quoteName(table.name)} WHERE ${losesTypes(jsonColumn(table, name))}) AS found`;
    if ((await session.rows(sql))[0]?.found === "1") columns.push(name);
  }
  if (columns.length === 0) return undefined;
  const condition = columns.map((name) => `(${losesTypes(jsonColumn(table, name))})`).join(" OR ");
  // Of a NULL nobody knows.
  return { columns, typed: `(${condition}) IS TRUE`, others: `(${condition}) IS NOT TRUE` };
}

/** As expressions name it. */
export function jsonColumn({ name: table }: Relation, name: string): string {
  return `${quoteName(table)}.${quoteName(name)}`;
}
