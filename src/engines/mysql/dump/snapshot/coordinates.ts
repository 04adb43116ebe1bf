import type { MysqlConnection, Row } from "../../../../wire/mysql/connection.ts";
import type { MysqlServerFacts } from "../../../../wire/mysql/identify-server.ts";
import { MysqlServerError } from "../../../../wire/mysql/server-error.ts";
import { quoteText } from "../../quote.ts";

/** A place in the binary log of a server. */
export interface BinlogCoordinates {
  readonly file: string;
  readonly position: number;
  /** All transactions up to there: a set of MySQL, a position for each domain of MariaDB; absent when there are none. */
  readonly gtidSet?: string;
}

export function writesBinlog({ variables }: MysqlServerFacts): boolean {
  return variables.get("log_bin") === "ON";
}

/**
 * Where the log ends now: call it while nothing can commit. Undefined when there is no binary log, or this user may not ask
 * (REPLICATION CLIENT, BINLOG MONITOR).
 */
export async function endOfBinlog(
  connection: MysqlConnection,
  { capabilities }: MysqlServerFacts,
): Promise<BinlogCoordinates | undefined> {
  const [row] = await unlessForbidden(connection.rows(capabilities.binaryLogStatusStatement));
  if (row === undefined) return undefined;
  return withGtids({ file: row.File!, position: Number(row.Position) }, await gtidsUpTo(connection, capabilities, row));
}

async function gtidsUpTo(
  connection: MysqlConnection,
  { gtids }: MysqlServerFacts["capabilities"],
  row: Row,
): Promise<string | null | undefined> {
  // Servers break long sets into lines.
  if (gtids === "sets") return row.Executed_Gtid_Set?.replaceAll(/\s/g, "");
  const [state] = await connection.rows("SELECT @@GLOBAL.gtid_binlog_pos AS position");
  return state?.position;
}

/**
 * The place that the snapshot of this very session stands for, where the server keeps it (`Binlog_snapshot_...`).
 * Undefined when it does not, or writes no binary log.
 */
export async function snapshotCoordinates(session: MysqlConnection): Promise<BinlogCoordinates | undefined> {
  const rows = await session.rows("SHOW STATUS LIKE 'binlog_snapshot_%'");
  const status = new Map(rows.map((row) => [(row.Variable_name ?? "").toLowerCase(), row.Value ?? ""]));
  const file = status.get("binlog_snapshot_file") ?? "";
  if (file === "") return undefined;
  const position = Number(status.get("binlog_snapshot_position"));
  return withGtids({ file, position }, status.get("binlog_snapshot_gtid_executed"));
}

/** Adds MariaDB's GTID position of that place. */
export async function withGtidPosition(
  connection: MysqlConnection,
  coordinates: BinlogCoordinates,
): Promise<BinlogCoordinates> {
  const question = `SELECT BINLOG_GTID_POS(${quoteText(coordinates.file)}, ${coordinates.position}) AS position`;
  const [row] = await unlessForbidden(connection.rows(question));
  return withGtids(coordinates, row?.position);
}

function withGtids(coordinates: BinlogCoordinates, gtidSet: string | null | undefined): BinlogCoordinates {
  return gtidSet === undefined || gtidSet === null || gtidSet === "" ? coordinates : { ...coordinates, gtidSet };
}

/** Access denied: for this, for this database, for a statement that needs a privilege. */
const forbidden = new Set([1044, 1045, 1142, 1227]);

export function isForbidden(error: unknown): boolean {
  return error instanceof MysqlServerError && forbidden.has(error.number);
}

async function unlessForbidden(rows: Promise<Row[]>): Promise<Row[]> {
  try {
    return await rows;
  } catch (error) {
    if (isForbidden(error)) return [];
    throw error;
  }
}
