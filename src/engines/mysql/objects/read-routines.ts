import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import { ofDatabase } from "./of-database.ts";

/** Stored code of a database that has a name of its own. */
export interface CodeObject {
  /** As SHOW CREATE and DROP take it: `FUNCTION`, `PACKAGE BODY`. */
  readonly what: string;
  readonly name: string;
}

/** In the order in which they are made: libraries before what uses them, packages before their bodies. */
const order = ["LIBRARY", "PACKAGE", "FUNCTION", "PROCEDURE", "PACKAGE BODY"];

export async function readRoutines(
  connection: MysqlConnection,
  database: string,
  { capabilities }: MysqlServerFacts,
): Promise<CodeObject[]> {
  const routines = await connection.rows(
    `SELECT ROUTINE_TYPE AS what, ROUTINE_NAME AS name FROM information_schema.ROUTINES WHERE ${ofDatabase("ROUTINE_SCHEMA", database)}`,
  );
  const libraries = capabilities.libraries
    ? await connection.rows(
        `SELECT 'LIBRARY' AS what, LIBRARY_NAME AS name FROM information_schema.LIBRARIES WHERE ${ofDatabase("LIBRARY_SCHEMA", database)}`,
      )
    : [];
  return [...libraries, ...routines]
    .map(({ what, name }) => ({ what: what!, name: name! }))
    .toSorted((a, b) => order.indexOf(a.what) - order.indexOf(b.what) || (a.name < b.name ? -1 : 1));
}

export interface TriggerName {
  readonly name: string;
  readonly table: string;
}

/** Triggers in the order in which they were made for each table and event, which is the order in which they fire. */
export async function readTriggers(connection: MysqlConnection, database: string): Promise<TriggerName[]> {
  const rows = await connection.rows(
    `SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER FROM information_schema.TRIGGERS WHERE ${ofDatabase("TRIGGER_SCHEMA", database)}`,
  );
  return rows
    .map((row) => ({
      name: row.TRIGGER_NAME!,
      table: row.EVENT_OBJECT_TABLE!,
      group: `${row.EVENT_OBJECT_TABLE}\0${row.ACTION_TIMING}\0${row.EVENT_MANIPULATION}`,
      place: Number(row.ACTION_ORDER ?? 0),
    }))
    .toSorted((a, b) => compare(a.group, b.group) || a.place - b.place || compare(a.name, b.name))
    .map(({ name, table }) => ({ name, table }));
}

export async function readEvents(connection: MysqlConnection, database: string): Promise<string[]> {
  const rows = await connection.rows(
    `SELECT EVENT_NAME FROM information_schema.EVENTS WHERE ${ofDatabase("EVENT_SCHEMA", database)}`,
  );
  return rows.map(({ EVENT_NAME }) => EVENT_NAME!).toSorted();
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
