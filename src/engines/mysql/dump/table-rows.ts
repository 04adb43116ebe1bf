import type { RowTotals } from "../../../core/row-totals.ts";
import type { MysqlDumpOptions, MysqlRowsShape } from "../../../ports/mysql-dump.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { InsertScanner } from "../../../wire/mysql/rows/insert-scanner.ts";
import type { ColumnFacts, Relation } from "../objects/read-relations.ts";
import { quoteName } from "../quote.ts";
import { type ColumnLiteral, columnLiteral } from "./column-literals.ts";
import type { ScriptWriter } from "./script-writer.ts";

/** Tables of these engines hold no rows of their own. */
const withoutRows = new Set(["MRG_MYISAM", "MRG_ISAM", "FEDERATED", "SPIDER", "CONNECT", "S3", "SPHINX", "OQGRAPH"]);

export function hasOwnRows(engine: string | undefined): boolean {
  return !withoutRows.has((engine ?? "").toUpperCase());
}

export function holdsRows({ kind, engine }: Relation): boolean {
  return kind === "table" && hasOwnRows(engine);
}

/** A statement takes rows up to so many bytes; a longer row stands alone. Every server's `max_allowed_packet` is larger. */
const statementLength = 1_000_000;

/** Writes the rows of one table as INSERT statements. Whatever they hold, no row is gathered in memory. */
export async function dumpRows(
  connection: MysqlConnection,
  scanner: InsertScanner,
  table: Relation,
  { rows: shape, where }: Pick<MysqlDumpOptions, "rows" | "where">,
  writer: ScriptWriter,
  onBytes: (count: number) => void,
): Promise<RowTotals> {
  const columns = table.columns.filter(({ isGenerated }) => !isGenerated);
  const literals = columns.map((column) => columnLiteral(column, shape.hexBlob));
  const kinds = literals.map(({ kind }) => kind);
  const head = Buffer.from(
    `${shape.statement} INTO ${quoteName(table.name)}${columnList(table, columns, shape)} VALUES\n`,
  );
  const limit = shape.isSingle ? 0 : Math.max(statementLength, 4 * head.length);
  scanner.start(head, kinds, limit, writer.blockWriter(), onBytes);
  await connection.stream(selectRows(table, literals, where), { packets: scanner, row: () => undefined });
  return await scanner.finish();
}

function columnList(table: Relation, columns: readonly ColumnFacts[], { namesColumns }: MysqlRowsShape): string {
  // Without a list, a server expects every visible column and no other.
  const areNamed =
    namesColumns || columns.length < table.columns.length || columns.some((column) => column.isInvisible);
  return areNamed ? ` (${columns.map(({ name }) => quoteName(name)).join(", ")})` : "";
}

/**
 * In the order of the primary key where that costs nothing: InnoDB keeps rows so, but would read a smaller index that has
 * all columns.
 */
function selectRows(table: Relation, literals: readonly ColumnLiteral[], where: string | undefined): string {
  const isClustered = table.engine === "InnoDB" && table.hasPrimaryKey && !table.isPartitioned;
  const index = isClustered ? " FORCE INDEX (PRIMARY)" : "";
  // A table may have no columns but computed ones.
  const list = literals.length === 0 ? "NULL" : literals.map(({ expression }) => expression).join(", ");
  return `SELECT /*!40001 SQL_NO_CACHE */ ${list} FROM ${quoteName(table.name)}${index}${where === undefined ? "" : ` WHERE ${where}`}`;
}
