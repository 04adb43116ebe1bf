import { quoteName } from "../quote.ts";
import { type ComparisonSession, isDatabase } from "./comparison-session.ts";

/** A table, and how its rows are read. */
export interface RowSource {
  readonly name: string;
  readonly columns: readonly RowColumn[];
  /** Columns of the primary key, else of a unique one without NULL; empty when there is none. */
  readonly key: readonly string[];
  /** As the server estimates it. */
  readonly estimatedRows: number;
}

export interface RowColumn {
  readonly name: string;
  /** The name of the type alone: `enum`. */
  readonly type: string;
  /** Null for what is no text. */
  readonly characterSet: string | null;
}

/** Tables that keep rows themselves; what an engine gives from elsewhere (MERGE, FEDERATED, ...) is not of this database. */
const foreignEngines = new Set(["MRG_MYISAM", "MRG_MyISAM", "FEDERATED", "SPIDER", "CONNECT", "BLACKHOLE", "S3"]);

export async function readRowSources(session: ComparisonSession): Promise<ReadonlyMap<string, RowSource>> {
  const { connection, database } = session;
  const own = (column: string): string => isDatabase(column, session);
  const [tables, columns, keys] = await Promise.all([
    connection.rows(
      `SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t, ENGINE AS e, TABLE_ROWS AS n FROM information_schema.TABLES
       WHERE ${own("TABLE_SCHEMA")} AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY TABLE_NAME`,
    ),
    connection.rows(
      `SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t, COLUMN_NAME AS c, DATA_TYPE AS y, CHARACTER_SET_NAME AS h, EXTRA AS x
       FROM information_schema.COLUMNS WHERE ${own("TABLE_SCHEMA")} ORDER BY TABLE_NAME, ORDINAL_POSITION`,
    ),
    connection.rows(
      `SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t, INDEX_NAME AS i, COLUMN_NAME AS c, NULLABLE AS u, SUB_PART AS p
       FROM information_schema.STATISTICS WHERE ${own("TABLE_SCHEMA")} AND NON_UNIQUE = 0
       ORDER BY TABLE_NAME, INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX`,
    ),
  ]);
  const sources = new Map<string, RowSource>();
  for (const { s, t, e, n } of tables) {
    if (s !== database || foreignEngines.has(e ?? "")) continue;
    const ofTable = columns.filter((row) => row.s === database && row.t === t && !/VIRTUAL/i.test(row.x ?? ""));
    sources.set(t!, {
      name: t!,
      columns: ofTable.map((row) => ({ name: row.c!, type: row.y!.toLowerCase(), characterSet: row.h ?? null })),
      key: keyOf(keys.filter((row) => row.s === database && row.t === t)),
      estimatedRows: Number(n ?? 0),
    });
  }
  return sources;
}

type KeyPart = Readonly<Record<string, string | null>>;

/** The first index that tells every two rows apart. */
function keyOf(parts: readonly KeyPart[]): readonly string[] {
  for (const index of new Set(parts.map(({ i }) => i))) {
    const ofIndex = parts.filter(({ i }) => i === index);
    // Prefixes and expressions tell less than their columns; several NULLs are no conflict.
    if (ofIndex.every(({ c, u, p }) => c !== null && u !== "YES" && p === null)) return ofIndex.map(({ c }) => c!);
  }
  return [];
}

/** The same table on both sides, and the values of its rows that are compared. */
export interface RowPair {
  readonly name: string;
  /** Names of the columns that both have; those of the key come first. */
  readonly columns: readonly string[];
  /** How many of them are the key. */
  readonly keyLength: number;
  readonly estimatedRows: number;
  readonly left: RowSource;
  readonly right: RowSource;
}

export function pairOf(left: RowSource, right: RowSource): RowPair {
  const others = new Set(right.columns.map(({ name }) => name));
  const shared = left.columns.map(({ name }) => name).filter((name) => others.has(name));
  const isSameKey = String(left.key) === String(right.key) && left.key.every((name) => shared.includes(name));
  const key = isSameKey ? left.key : [];
  return {
    name: left.name,
    columns: [...key, ...shared.filter((name) => !key.includes(name))],
    keyLength: key.length,
    estimatedRows: left.estimatedRows,
    left,
    right,
  };
}

/** What is asked for each row of a side: SQL, and which column it tells of. */
export interface RowValue {
  readonly column: string;
  readonly sql: string;
}

/** So that equal values give equal bytes. For sessions whose results are not converted. The key's values come first. */
export function valuesOf(pair: RowPair, side: "left" | "right"): RowValue[] {
  const [own, other] = side === "left" ? [pair.left, pair.right] : [pair.right, pair.left];
  const [ownColumns, otherColumns] = [columnsByName(own), columnsByName(other)];
  const plain = pair.columns.map((name) => ({
    column: name,
    sql: valueSql(ownColumns.get(name)!, otherColumns.get(name)!),
  }));
  // The wrong value and a member that is the empty text look alike.
  const enums = pair.columns.filter((name) => ownColumns.get(name)!.type === "enum");
  return [...plain, ...enums.map((name) => ({ column: name, sql: `${quoteName(name)} + 0 = 0` }))];
}

function valueSql(column: RowColumn, other: RowColumn): string {
  const name = quoteName(column.name);
  // As text a FLOAT has six digits; as DOUBLE it has all.
  if (column.type === "float") return `${name} + 0e0`;
  return column.characterSet === other.characterSet ? name : `CONVERT(${name} USING utf8mb4)`;
}

function columnsByName({ columns }: RowSource): ReadonlyMap<string, RowColumn> {
  return new Map(columns.map((column) => [column.name, column]));
}
