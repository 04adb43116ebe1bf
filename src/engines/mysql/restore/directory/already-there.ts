import type { MysqlConnection } from "../../../../wire/mysql/connection.ts";
import { namesAsKept } from "../../objects/names-as-kept.ts";
import { ofDatabase } from "../../objects/of-database.ts";

/** What of tables an interrupted restore has made behind their rows. */
export interface AlreadyThere {
  /** Whether the first index that a statement adds is there: then all are, for one ALTER TABLE adds all or none. */
  hasIndexes(table: string, alter: string): boolean;
  hasForeignKeys(table: string): boolean;
}

/** Indexes and foreign keys of a database. */
export async function readAlreadyThere(connection: MysqlConnection, database: string): Promise<AlreadyThere> {
  const asKept = await namesAsKept(connection);
  const indexes = new Set<string>();
  await connection.eachRow(
    `SELECT TABLE_NAME AS t, INDEX_NAME AS i FROM information_schema.STATISTICS WHERE ${ofDatabase("TABLE_SCHEMA", database)}`,
    ({ t, i }) => indexes.add(`${asKept(t ?? "")}\0${i}`),
  );
  const keys = new Set<string>();
  await connection.eachRow(
    `SELECT TABLE_NAME AS t FROM information_schema.TABLE_CONSTRAINTS WHERE ${ofDatabase("TABLE_SCHEMA", database)} AND CONSTRAINT_TYPE = 'FOREIGN KEY'`,
    ({ t }) => keys.add(asKept(t ?? "")),
  );
  return {
    hasIndexes: (table, alter) => indexes.has(`${asKept(table)}\0${firstIndex(alter)}`),
    hasForeignKeys: (table) => keys.has(asKept(table)),
  };
}

/** Its name, as `splitCreateTable` writes the statement: a binary string. */
function firstIndex(alter: string): string | undefined {
  const [, quoted] = /\n {2}ADD (?:\w+ )?KEY `((?:[^`]|``)*)`/.exec(alter) ?? [];
  return quoted === undefined ? undefined : Buffer.from(quoted.replaceAll("``", "`"), "latin1").toString();
}
