import type { MysqlConnection, Row } from "../../../wire/mysql/connection.ts";
import { ofDatabase } from "./of-database.ts";

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

/**
 * All relations of a database by name, in three queries whatever their number. About 1 kB of memory for each small table:
 * of what the server says of it, only this is kept.
 */
export async function readRelations(connection: MysqlConnection, database: string): Promise<Relation[]> {
  const inDatabase = `${ofDatabase("TABLE_SCHEMA", database)}`;
  const relations = new Map<string, Relation & { columns: ColumnFacts[]; hasPrimaryKey: boolean }>();
  await connection.eachRow(
    `SELECT TABLE_NAME, TABLE_TYPE, ENGINE, CREATE_OPTIONS, TABLE_ROWS, DATA_LENGTH FROM information_schema.TABLES WHERE ${inDatabase}`,
    (row) => {
      const kind = kinds[row.TABLE_TYPE ?? ""];
      if (kind === undefined) return;
      relations.set(row.TABLE_NAME!, {
        name: row.TABLE_NAME!,
        kind,
        engine: row.ENGINE ?? undefined,
        isPartitioned: /\bpartitioned\b/i.test(row.CREATE_OPTIONS ?? ""),
        isVersioned: row.TABLE_TYPE === "SYSTEM VERSIONED",
        hasPrimaryKey: false,
        columns: [],
        rows: Number(row.TABLE_ROWS ?? 0),
        bytes: Number(row.DATA_LENGTH ?? 0),
      });
    },
  );
  // Tables have the same words again and again: each is kept once.
  const words = new Map<string, string>();
  const kept = (word: string): string => {
    const known = words.get(word);
    if (known === undefined) words.set(word, word);
    return known ?? word;
  };
  await connection.eachRow(
    `SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_SET_NAME, EXTRA FROM information_schema.COLUMNS WHERE ${inDatabase} ORDER BY TABLE_NAME, ORDINAL_POSITION`,
    (row) => relations.get(row.TABLE_NAME!)?.columns.push(columnFacts(row, kept)),
  );
  await connection.eachRow(
    `SELECT TABLE_NAME FROM information_schema.STATISTICS WHERE ${inDatabase} AND INDEX_NAME = 'PRIMARY' AND SEQ_IN_INDEX = 1`,
    ({ TABLE_NAME }) => {
      const relation = relations.get(TABLE_NAME!);
      if (relation !== undefined) relation.hasPrimaryKey = true;
    },
  );
  return [...relations.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function columnFacts(row: Row, kept: (word: string) => string): ColumnFacts {
  const extra = row.EXTRA ?? "";
  const charset = row.CHARACTER_SET_NAME ?? undefined;
  return {
    name: kept(row.COLUMN_NAME!),
    type: kept(row.DATA_TYPE!.toLowerCase()),
    fullType: kept(row.COLUMN_TYPE!),
    charset: charset === undefined ? undefined : kept(charset),
    // DEFAULT_GENERATED means a default that is an expression.
    isGenerated: /\b(?:VIRTUAL|STORED|PERSISTENT)\b/i.test(extra),
    isInvisible: /\bINVISIBLE\b/i.test(extra),
  };
}
