import type { RowTotals } from "../../../core/row-totals.ts";
import type { MysqlDumpOptions, MysqlRowsShape } from "../../../ports/mysql-dump.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { InsertScanner } from "../../../wire/mysql/rows/insert-scanner.ts";
import { LiteralKind } from "../../../wire/mysql/rows/literal-kind.ts";
import type { ColumnFacts, Relation } from "../objects/read-relations.ts";
import { endLiteral, type RowHistory } from "../objects/row-history.ts";
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

/**
 * Writes the rows of one table as INSERT statements. Whatever they hold, no row is gathered in memory.
 * @param history of a versioned table whose old rows are wanted, too
 */
export async function dumpRows(
  connection: MysqlConnection,
  scanner: InsertScanner,
  table: Relation,
  { rows: shape, where }: Pick<MysqlDumpOptions, "rows" | "where">,
  writer: ScriptWriter,
  onBytes: (count: number) => void,
  history?: RowHistory,
): Promise<RowTotals> {
  const columns = table.columns.filter(({ isGenerated }) => !isGenerated);
  const literals = columns.map((column) => columnLiteral(column, shape.hexBlob));
  if (history !== undefined) literals.push(...historyLiterals(history));
  const kinds = literals.map(({ kind }) => kind);
  const head = Buffer.from(
    `${shape.statement} INTO ${quoteName(table.name)}${columnList(table, columns, shape, history)} VALUES\n`,
  );
  const limit = shape.isSingle ? 0 : Math.max(statementLength, 4 * head.length);
  scanner.start(head, kinds, limit, writer.blockWriter(), onBytes);
  await connection.stream(selectRows(table, literals, where, history !== undefined), {
    packets: scanner,
    row: () => undefined,
  });
  return await scanner.finish();
}

/** From when to when each version was the current one. */
function historyLiterals(history: RowHistory): ColumnLiteral[] {
  return [
    { expression: quoteName(history.start), kind: LiteralKind.text },
    { expression: endLiteral(history), kind: LiteralKind.number },
  ];
}

function columnList(
  table: Relation,
  columns: readonly ColumnFacts[],
  { namesColumns }: MysqlRowsShape,
  history: RowHistory | undefined,
): string {
  // Without a list, a server expects every visible column and no other.
  const areNamed =
    namesColumns ||
    history !== undefined ||
    columns.length < table.columns.length ||
    columns.some((column) => column.isInvisible);
  const names = columns.map(({ name }) => name);
  if (history !== undefined) names.push(history.start, history.end);
  return areNamed ? ` (${names.map(quoteName).join(", ")})` : "";
}

/**
 * In the order of the primary key where that costs nothing: InnoDB keeps rows so, but would read a smaller index that has
 * all columns.
 */
function selectRows(
  table: Relation,
  literals: readonly ColumnLiteral[],
  where: string | undefined,
  withHistory: boolean,
): string {
  const isClustered = table.engine === "InnoDB" && table.hasPrimaryKey && !table.isPartitioned;
  const index = isClustered ? " FORCE INDEX (PRIMARY)" : "";
  const versions = withHistory ? " FOR SYSTEM_TIME ALL" : "";
  // A table may have no columns but computed ones.
  const list = literals.length === 0 ? "NULL" : literals.map(({ expression }) => expression).join(", ");
  return `SELECT /*!40001 SQL_NO_CACHE */ ${list} FROM ${quoteName(table.name)}${versions}${index}${where === undefined ? "" : ` WHERE ${where}`}`;
}
