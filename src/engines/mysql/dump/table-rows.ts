import { BackupError } from "../../../core/backup-error.ts";
import type { RowTotals } from "../../../core/row-totals.ts";
import type { MysqlDumpOptions, MysqlRowsShape } from "../../../ports/mysql-dump.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { InsertScanner, WriteBlock } from "../../../wire/mysql/rows/insert-scanner.ts";
import { LiteralKind } from "../../../wire/mysql/rows/literal-kind.ts";
import { shownText } from "../../../wire/net/shown-text.ts";
import type { ColumnFacts, Relation } from "../objects/read-relations.ts";
import { endLiteral, type RowHistory } from "../objects/row-history.ts";
import { quoteName } from "../quote.ts";
import { type ColumnLiteral, columnLiteral } from "./column-literals.ts";
import { jsonLiteral } from "./json-literal.ts";

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

export interface RowsOptions extends Pick<MysqlDumpOptions, "rows" | "where"> {
  /** Of a part of the table: what its rows have. */
  readonly condition?: string | undefined;
  /** Of a versioned table whose old rows are wanted, too. */
  readonly history?: RowHistory | undefined;
  /** JSON values are looked into, for scalars whose types their text does not tell. */
  readonly exactJson: boolean;
}

/** Writes the rows of one table, or of a part of it, as INSERT statements. Whatever they hold, no row is gathered in memory. */
export async function dumpRows(
  connection: MysqlConnection,
  scanner: InsertScanner,
  table: Relation,
  { rows: shape, where, condition, history, exactJson }: RowsOptions,
  write: WriteBlock,
  onBytes: (count: number) => void,
): Promise<RowTotals> {
  const columns = table.columns.filter(({ isGenerated }) => !isGenerated);
  const literals = columns.map((column) =>
    column.type === "json" && exactJson
      ? { expression: jsonLiteral(`${quoteName(table.name)}.${quoteName(column.name)}`), kind: LiteralKind.number }
      : columnLiteral(column, shape.hexBlob),
  );
  if (history !== undefined) literals.push(...historyLiterals(history));
  const kinds = literals.map(({ kind }) => kind);
  const head = Buffer.from(
    `${shape.statement} INTO ${quoteName(table.name)}${columnList(table, columns, shape, history)} VALUES\n`,
  );
  const limit = shape.isSingle ? 0 : Math.max(statementLength, 4 * head.length);
  scanner.start(head, kinds, limit, write, onBytes);
  const { warnings } = await connection.stream(selectRows(table, literals, [condition, where], history !== undefined), {
    packets: scanner,
    row: () => undefined,
  });
  const totals = await scanner.finish();
  if (warnings > 0 && exactJson && table.columns.some(({ type }) => type === "json"))
    await refuseCut(connection, table);
  return totals;
}

/** A literal that is longer than a packet may be is NULL, or cut. Asked where the server warned of something. */
export async function refuseCut(connection: MysqlConnection, { name }: Relation): Promise<void> {
  const shown = await connection.rows("SHOW WARNINGS");
  const cut = shown.find(({ Code }) => cutWarnings.has(Code ?? ""));
  if (cut === undefined && shown.length > 0) return;
  throw new BackupError({
    code: "UNSUPPORTED_OBJECT",
    message: `a JSON value of table "${name}" is too long for its types to be kept: ${shownText(cut?.Message ?? "the server warns, and does not say of what (max_error_count)")}`,
    object: name,
    hint: "raise max_allowed_packet of the server, or write JSON as its text with --json-as-text",
  });
}

/** Data truncated, GROUP_CONCAT cut, data too long, longer than max_allowed_packet, no result of BASE64. */
const cutWarnings = new Set(["1265", "1260", "1301", "1406", "3636"]);

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
export function selectRows(
  table: Relation,
  literals: readonly Pick<ColumnLiteral, "expression">[],
  conditions: readonly (string | undefined)[],
  withHistory: boolean,
): string {
  const isClustered = table.engine === "InnoDB" && table.hasPrimaryKey && !table.isPartitioned;
  const index = isClustered ? " FORCE INDEX (PRIMARY)" : "";
  const versions = withHistory ? " FOR SYSTEM_TIME ALL" : "";
  // A table may have no columns but computed ones.
  const list = literals.length === 0 ? "NULL" : literals.map(({ expression }) => expression).join(", ");
  const given = conditions.filter((condition) => condition !== undefined);
  const where = given.length === 0 ? "" : ` WHERE ${given.map((condition) => `(${condition})`).join(" AND ")}`;
  return `SELECT /*!40001 SQL_NO_CACHE */ ${list} FROM ${quoteName(table.name)}${versions}${index}${where}`;
}
