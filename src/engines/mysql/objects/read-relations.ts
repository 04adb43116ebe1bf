import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import { quoteText } from "../quote.ts";

/** A table, view or sequence, as the information schema lists it. */
export interface Relation {
  readonly name: string;
  readonly kind: "table" | "view" | "sequence";
  /** Undefined for views. */
  readonly engine: string | undefined;
  readonly isPartitioned: boolean;
  /** Old versions of its rows are kept. */
  readonly isVersioned: boolean;
  /** It has an index of that name, and not only a unique one that stands for it. */
  readonly hasPrimaryKey: boolean;
  /** In their order. */
  readonly columns: readonly ColumnFacts[];
  /** The server's estimates. */
  readonly rows: number;
  readonly bytes: number;
}

export interface ColumnFacts {
  readonly name: string;
  /** `varchar`, `geometry`, ... in small letters. */
  readonly type: string;
  /** `enum('a','b')`. */
  readonly fullType: string;
  /** Of text, ENUM and SET; undefined for everything else, bytes too. */
  readonly charset: string | undefined;
  /** Computed by the server. */
  readonly isGenerated: boolean;
  readonly isInvisible: boolean;
}

const kinds: Readonly<Record<string, Relation["kind"]>> = {
  "BASE TABLE": "table",
  "SYSTEM VERSIONED": "table",
  VIEW: "view",
  SEQUENCE: "sequence",
};

/** All relations of a database by name, in three queries whatever their number. About 1 kB of memory for each small table. */
export async function readRelations(connection: MysqlConnection, database: string): Promise<Relation[]> {
  const inDatabase = `TABLE_SCHEMA = ${quoteText(database)}`;
  const tables = await connection.rows(
    `SELECT TABLE_NAME, TABLE_TYPE, ENGINE, CREATE_OPTIONS, TABLE_ROWS, DATA_LENGTH FROM information_schema.TABLES WHERE ${inDatabase}`,
  );
  const columns = await readColumns(connection, inDatabase);
  const keyed = await connection.rows(
    `SELECT TABLE_NAME FROM information_schema.STATISTICS WHERE ${inDatabase} AND INDEX_NAME = 'PRIMARY' AND SEQ_IN_INDEX = 1`,
  );
  const withKey = new Set(keyed.map(({ TABLE_NAME }) => TABLE_NAME));
  return tables
    .filter(({ TABLE_TYPE }) => kinds[TABLE_TYPE ?? ""] !== undefined)
    .map((row) => ({
      name: row.TABLE_NAME!,
      kind: kinds[row.TABLE_TYPE!]!,
      engine: row.ENGINE ?? undefined,
      isPartitioned: /\bpartitioned\b/i.test(row.CREATE_OPTIONS ?? ""),
      isVersioned: row.TABLE_TYPE === "SYSTEM VERSIONED",
      hasPrimaryKey: withKey.has(row.TABLE_NAME!),
      columns: columns.get(row.TABLE_NAME!) ?? [],
      rows: Number(row.TABLE_ROWS ?? 0),
      bytes: Number(row.DATA_LENGTH ?? 0),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function readColumns(connection: MysqlConnection, inDatabase: string): Promise<Map<string, ColumnFacts[]>> {
  const rows = await connection.rows(
    `SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_SET_NAME, EXTRA FROM information_schema.COLUMNS WHERE ${inDatabase} ORDER BY TABLE_NAME, ORDINAL_POSITION`,
  );
  const byTable = new Map<string, ColumnFacts[]>();
  for (const row of rows) {
    const extra = row.EXTRA ?? "";
    const list = byTable.get(row.TABLE_NAME!) ?? [];
    byTable.set(row.TABLE_NAME!, list);
    list.push({
      name: row.COLUMN_NAME!,
      type: row.DATA_TYPE!.toLowerCase(),
      fullType: row.COLUMN_TYPE!,
      charset: row.CHARACTER_SET_NAME ?? undefined,
      // DEFAULT_GENERATED means a default that is an expression.
      isGenerated: /\b(?:VIRTUAL|STORED|PERSISTENT)\b/i.test(extra),
      isInvisible: /\bINVISIBLE\b/i.test(extra),
    });
  }
  return byTable;
}
