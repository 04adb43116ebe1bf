/** Who made a server: told apart by what it says of itself, never by its number. */
export type MysqlFlavourName = "mysql" | "mariadb";

/**
 * What a server can do, by name. Code asks these, never flavour or version number; what each one came with stands in
 * {@link mysqlCapabilitiesOf} and nowhere else. Add one when something needs it.
 */
export interface MysqlCapabilities {
  // Snapshots and the binary log.
  /** `BACKUP STAGE START ... END`. */
  readonly backupStages: boolean;
  /** `LOCK INSTANCE FOR BACKUP`, which holds off DDL and needs BACKUP_ADMIN. */
  readonly instanceBackupLock: boolean;
  /** `LOCK TABLES FOR BACKUP` of Percona Server. */
  readonly tableBackupLocks: boolean;
  /** `START TRANSACTION WITH CONSISTENT SNAPSHOT FROM SESSION` of Percona Server. */
  readonly snapshotCloning: boolean;
  /** A session's status says which place in the binary log its snapshot stands for (`Binlog_snapshot_file`). */
  readonly binlogSnapshotStatus: boolean;
  /** What tells the end of the binary log. */
  readonly binaryLogStatusStatement: "SHOW BINARY LOG STATUS" | "SHOW MASTER STATUS";
  /** What tells of all channels from which a replica reads. */
  readonly replicaStatusStatement:
    | "SHOW REPLICA STATUS"
    | "SHOW SLAVE STATUS"
    | "SHOW ALL REPLICAS STATUS"
    | "SHOW ALL SLAVES STATUS";
  /** How transactions are named across servers: sets of UUIDs and numbers, or one position for each domain. */
  readonly gtids: "sets" | "domains";
  /** The privilege FLUSH_TABLES is enough for `FLUSH TABLES WITH READ LOCK`. */
  readonly flushTablesPrivilege: boolean;
  /** `log_status` of the performance schema. */
  readonly logStatusTable: boolean;

  /** A session that writes a binary log keeps the definitions that it read, also behind `ROLLBACK TO SAVEPOINT`. */
  readonly loggedSavepointsKeepDefinitions: boolean;

  // Kinds of objects.
  readonly sequences: boolean;
  readonly packages: boolean;
  /** Tables that keep old versions of their rows. */
  readonly systemVersioning: boolean;
  /** Old versions can be inserted (`system_versioning_insert_history`). */
  readonly insertsHistory: boolean;
  /** `PERIOD FOR` of the application, `WITHOUT OVERLAPS`. */
  readonly applicationPeriods: boolean;
  /** Libraries of JavaScript code. */
  readonly libraries: boolean;
  /** JSON duality views. */
  readonly dualityViews: boolean;
  readonly roles: boolean;
  /** `SHOW CREATE` of code shows its name and definer in UTF-8, whatever character set its body is in. */
  readonly codeNamesInUnicode: boolean;
  /** GRANT to an account that is not there makes it, without a password, unless sql_mode has NO_AUTO_CREATE_USER. */
  readonly grantMakesAccounts: boolean;
  /** Privileges that plug-ins define, and that have names with underscores. */
  readonly dynamicPrivileges: boolean;
  /** `INSTALL COMPONENT`. */
  readonly components: boolean;
  readonly resourceGroups: boolean;
  /** Variables that were set for later starts, too (`SET PERSIST`). */
  readonly persistedVariables: boolean;
  /** Tablespaces of InnoDB that several tables share, listed in `information_schema.INNODB_TABLESPACES_BRIEF`. */
  readonly generalTablespaces: boolean;
  /** `ALTER DATABASE ... READ ONLY = 1`, told by `information_schema.SCHEMATA_EXTENSIONS`. */
  readonly readOnlyDatabases: boolean;

  // Parts of tables.
  readonly generatedColumns: boolean;
  readonly invisibleColumns: boolean;
  readonly checkConstraints: boolean;
  /** `SHOW CREATE TABLE` quotes the names of foreign keys and of their columns, in every version of that flavour. */
  readonly quotesForeignKeys: boolean;
  /** Defaults that are expressions. */
  readonly expressionDefaults: boolean;
  /** Indexes over expressions: a row of `information_schema.STATISTICS` may have no column. */
  readonly expressionsInIndexes: boolean;
  /** Primary keys that the server adds; `SHOW CREATE TABLE` shows them or not, as a setting says. */
  readonly generatedInvisiblePrimaryKeys: boolean;
  /** Statistics of values of a column, made by `ANALYZE TABLE ... UPDATE HISTOGRAM`. */
  readonly histograms: boolean;
  /** They can be set as they were: `USING DATA`. */
  readonly histogramData: boolean;
  /** Statistics of columns in tables of the schema `mysql`, made by `ANALYZE TABLE ... PERSISTENT`. */
  readonly persistentStatistics: boolean;
  /** A geometry column can be bound to one spatial reference system. */
  readonly geometrySrid: boolean;
  /** The type VECTOR. */
  readonly vector: boolean;
  /** A type JSON of its own; elsewhere the word means a text with a check. */
  readonly binaryJson: boolean;
  /** Recursive queries over a JSON value of a row of an outer query. */
  readonly recursionIntoJson: boolean;
  /** UUID and INET6 as types. */
  readonly networkTypes: boolean;
  /** Collation names that are not bound to one character set (`uca1400_ai_ci`). */
  readonly sharedCollations: boolean;

  // SQL.
  /** `(a, b) IN ((1, 2), ...)` is looked up in an index. */
  readonly findsRowsInIndexes: boolean;
  /**
   * The first rows of an empty table come in by another way when neither `unique_checks` nor `foreign_key_checks` is on: the
   * table is locked for it, and 10.11.19 and 11.8.6 hang for good when somebody reads it then (LOAD DATA).
   */
  readonly bulkInsert: boolean;
  /** `sql_mode = ORACLE` changes the grammar. */
  readonly sqlModeOracle: boolean;
  /** `MD5()` is built in. */
  readonly hasMd5: boolean;
  /** `SHOW CREATE USER`. */
  readonly showCreateUser: boolean;
  /** Which setting bounds the time of a statement: `max_statement_time` (seconds) or `max_execution_time` (ms). */
  readonly statementTimeSetting: "max_statement_time" | "max_execution_time" | undefined;
}

/** What only the server itself can tell. */
export interface MysqlProbes {
  /** Names of its variables, in small letters. */
  readonly variables: ReadonlyMap<string, string>;
  readonly binlogSnapshotStatus: boolean;
  readonly hasMd5: boolean;
}

/** @param version 80400 for 8.4.0, 260700 for 26.7.0, 101106 for 10.11.6 */
export function mysqlCapabilitiesOf(
  flavour: MysqlFlavourName,
  version: number,
  { variables, binlogSnapshotStatus, hasMd5 }: MysqlProbes,
): MysqlCapabilities {
  const mysql = (since: number): boolean => flavour === "mysql" && version >= since;
  const mariadb = (since: number): boolean => flavour === "mariadb" && version >= since;
  const isMariadb = flavour === "mariadb";
  const isOn = (variable: string): boolean => variables.get(variable) === "YES";
  return {
    backupStages: mariadb(100_401),
    instanceBackupLock: mysql(80_000),
    tableBackupLocks: isOn("have_backup_locks"),
    snapshotCloning: isOn("have_snapshot_cloning"),
    binlogSnapshotStatus,
    binaryLogStatusStatement: mysql(80_200) ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS",
    replicaStatusStatement: isMariadb
      ? mariadb(100_501)
        ? "SHOW ALL REPLICAS STATUS"
        : "SHOW ALL SLAVES STATUS"
      : mysql(80_022)
        ? "SHOW REPLICA STATUS"
        : "SHOW SLAVE STATUS",
    gtids: isMariadb ? "domains" : "sets",
    flushTablesPrivilege: mysql(80_023),
    logStatusTable: mysql(80_011),
    loggedSavepointsKeepDefinitions: isMariadb,

    sequences: isMariadb,
    packages: mariadb(100_305),
    systemVersioning: mariadb(100_304),
    insertsHistory: variables.has("system_versioning_insert_history"),
    applicationPeriods: mariadb(100_403),
    libraries: mysql(90_200),
    dualityViews: mysql(90_400),
    roles: isMariadb || mysql(80_000),
    codeNamesInUnicode: mysql(80_000),
    grantMakesAccounts: isMariadb || !mysql(80_000),
    dynamicPrivileges: mysql(80_000),
    components: mysql(80_000),
    resourceGroups: mysql(80_003),
    persistedVariables: mysql(80_000),
    generalTablespaces: mysql(80_003),
    readOnlyDatabases: mysql(80_022),

    generatedColumns: isMariadb || mysql(50_706),
    invisibleColumns: mariadb(100_303) || mysql(80_023),
    checkConstraints: isMariadb || mysql(80_016),
    quotesForeignKeys: flavour === "mysql",
    expressionDefaults: isMariadb || mysql(80_013),
    expressionsInIndexes: mysql(80_013),
    generatedInvisiblePrimaryKeys: variables.has("show_gipk_in_create_table_and_information_schema"),
    histograms: mysql(80_003),
    histogramData: mysql(80_031),
    persistentStatistics: isMariadb,
    geometrySrid: mysql(80_003),
    vector: mysql(90_000) || mariadb(110_701),
    binaryJson: mysql(50_708),
    recursionIntoJson: mysql(80_014),
    networkTypes: mariadb(100_500),
    sharedCollations: mariadb(101_001),

    findsRowsInIndexes: isMariadb || mysql(50_703),
    bulkInsert: mariadb(100_600),
    sqlModeOracle: mariadb(100_300),
    hasMd5,
    showCreateUser: isMariadb || mysql(50_706),
    statementTimeSetting: variables.has("max_statement_time")
      ? "max_statement_time"
      : variables.has("max_execution_time")
        ? "max_execution_time"
        : undefined,
  };
}
