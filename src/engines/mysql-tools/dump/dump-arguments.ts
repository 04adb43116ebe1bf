import { BackupError } from "../../../core/backup-error.ts";
import type { DumpRequest } from "../../../ports/dump.ts";
import { wholeShape } from "../../../ports/dump-shape.ts";
import { type MysqlDumpOptions, usualMysqlDump } from "../../../ports/mysql-dump.ts";
import { refuseForTools } from "../../common/tools/refuse-for-tools.ts";
import type { MysqlTool } from "../find-mysql-tool.ts";
import type { MysqlToolVersion } from "../tool-version.ts";

export interface DumpArgumentsPlace {
  /** `--defaults-file=...`: must be the first. */
  readonly connection: string;
  /** The server must stand still while tables without transactions are read. */
  readonly locksAll: boolean;
}

/**
 * The arguments of mysqldump or mariadb-dump.
 * @throws BackupError USAGE for options that this program does not know
 */
export function mysqlDumpArguments(
  request: DumpRequest,
  { connection, locksAll }: DumpArgumentsPlace,
  tool: MysqlTool,
): readonly string[] {
  const { mysql = usualMysqlDump, shape = wholeShape, database } = request;
  const hasSchema = !shape.dataOnly && !shape.noSchema;
  const hasRows = !shape.schemaOnly && !shape.noData;
  // What is not in native backups without definitions is not in these.
  const code = {
    routines: hasSchema && mysql.routines,
    triggers: hasSchema && mysql.triggers,
    events: hasSchema && mysql.events,
  };
  return [
    connection,
    "--verbose",
    locksAll ? "--lock-all-tables" : "--single-transaction",
    // What is longer than this on the wire cannot be loaded either.
    "--max-allowed-packet=1073741824",
    "--default-character-set=utf8mb4",
    "--no-tablespaces",
    ...ofFlavour(mysql, database, tool),
    ...(hasSchema ? [] : ["--no-create-info"]),
    ...(hasRows ? [] : ["--no-data"]),
    ...Object.entries(code).map(([name, isWanted]) => (isWanted ? `--${name}` : `--skip-${name}`)),
    ...(mysql.drops ? [] : ["--skip-add-drop-table"]),
    ...(mysql.where === undefined ? [] : [`--where=${mysql.where}`]),
    ...rowArguments(mysql),
    ...mysql.ignoredTables.map((name) => `--ignore-table=${ofDatabase(database, name)}`),
    ...(shape.script.create ? ["--databases", "--", database] : ["--", database, ...mysql.tables]),
  ];
}

function rowArguments({ rows }: MysqlDumpOptions): string[] {
  return [
    ...(rows.statement === "REPLACE" ? ["--replace"] : []),
    ...(rows.statement === "INSERT IGNORE" ? ["--insert-ignore"] : []),
    ...(rows.namesColumns ? ["--complete-insert"] : []),
    ...(rows.isSingle ? ["--skip-extended-insert"] : []),
    ...(rows.hexBlob ? ["--hex-blob"] : []),
  ];
}

/** The first programs of MySQL that know of histograms, and would look for their table on older servers. */
const knowsHistograms = 80_000;
/** The first of MariaDB with old versions of rows. */
const knowsHistory = 101_100;

function ofFlavour(options: MysqlDumpOptions, database: string, { name, version }: MysqlTool): string[] {
  const isMariadb = version.flavour === "mariadb";
  if (options.history && (!isMariadb || version.version < knowsHistory)) throw unknown("--dump-history", name, version);
  if (options.columnStatistics && (isMariadb || version.version < knowsHistograms)) {
    throw unknown("--column-statistics", name, version);
  }
  if (options.ignoredData.length > 0 && !isMariadb) throw unknown("--ignore-table-data", name, version);
  if (isMariadb) {
    return [
      ...(options.history ? ["--dump-history"] : []),
      ...options.ignoredData.map((table) => `--ignore-table-data=${ofDatabase(database, table)}`),
    ];
  }
  const histograms = options.columnStatistics ? ["--column-statistics"] : ["--skip-column-statistics"];
  // A script is for any server, whatever transactions that has seen.
  return ["--set-gtid-purged=OFF", ...(version.version < knowsHistograms ? [] : histograms)];
}

function unknown(option: string, name: string, { text }: MysqlToolVersion): BackupError {
  return new BackupError({
    code: "USAGE",
    message: `"${option}" is not known to ${name} ${text}`,
    hint: `leave out ${option}, name another program with --tools-path, or use --engine native`,
  });
}

/** They split at the first dot. */
function ofDatabase(database: string, table: string): string {
  if (database.includes(".")) refuseForTools("--ignore-table", "they take the name of this database for another");
  return `${database}.${table}`;
}
