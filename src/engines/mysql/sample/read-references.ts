import { BackupError } from "../../../core/backup-error.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import { ofDatabase } from "../objects/of-database.ts";

/** A foreign key of a table of the database. */
export interface Reference {
  readonly name: string;
  readonly table: string;
  readonly parent: string;
  /** Column of the table, column of the parent. */
  readonly columns: readonly (readonly [string, string])[];
}

/** Foreign keys by table, and those that lead elsewhere. */
export interface References {
  readonly byTable: ReadonlyMap<string, readonly Reference[]>;
  /** `table.constraint -> database.table` */
  readonly toOtherDatabases: readonly string[];
}

/**
 * All foreign keys between tables of a sample.
 * @param sampled names of the tables whose rows are in it
 * @throws BackupError UNSUPPORTED_OBJECT for one that leads to rows that are left out
 */
export async function readReferences(
  session: MysqlConnection,
  database: string,
  sampled: ReadonlySet<string>,
): Promise<References> {
  const rows = await session.rows(
    `SELECT TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE ${ofDatabase("TABLE_SCHEMA", database)} AND REFERENCED_TABLE_NAME IS NOT NULL ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION`,
  );
  const folded = new Map([...sampled].map((name) => [name.toLowerCase(), name]));
  const references: Reference[] = [];
  const toOtherDatabases: string[] = [];
  for (const parts of Map.groupBy(rows, (row) => `${row.TABLE_NAME}\0${row.CONSTRAINT_NAME}`).values()) {
    const [
      { TABLE_NAME: table, CONSTRAINT_NAME: name, REFERENCED_TABLE_SCHEMA: schema, REFERENCED_TABLE_NAME: parent },
    ] = parts as [(typeof parts)[0]];
    if (!sampled.has(table!)) continue;
    if (schema !== database && schema?.toLowerCase() !== database.toLowerCase()) {
      toOtherDatabases.push(`${table}.${name} -> ${schema}.${parent}`);
      continue;
    }
    // Servers that fold the letters of names show those of a constraint as they were given.
    const named = sampled.has(parent!) ? parent! : folded.get(parent!.toLowerCase());
    if (named === undefined) throw leftOut(name!, table!, parent!);
    references.push({
      name: name!,
      table: table!,
      parent: named,
      columns: parts.map(({ COLUMN_NAME, REFERENCED_COLUMN_NAME }) => [COLUMN_NAME!, REFERENCED_COLUMN_NAME!] as const),
    });
  }
  return { byTable: Map.groupBy(references, ({ table }) => table), toOtherDatabases };
}

function leftOut(name: string, table: string, parent: string): BackupError {
  return new BackupError({
    code: "UNSUPPORTED_OBJECT",
    message: `foreign key "${name}" of table "${table}" leads to table "${parent}", whose rows are left out`,
    object: table,
    hint: "leave out the rows of both tables, or of none",
  });
}
