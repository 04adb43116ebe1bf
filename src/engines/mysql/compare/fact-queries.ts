/** Facts about one kind of object, asked of the information schema. */
export interface FactQuery {
  /** Only where a view of the information schema has this column; or where the view is there and has it not. */
  readonly with?: readonly [view: string, column: string];
  readonly without?: readonly [view: string, column: string];
  /** What the object is called: `table column`. Objects of the kind "" are called by the first part of their name. */
  readonly kind: string;
  readonly from: string;
  /** The column that names the database. */
  readonly schema: string;
  /** More conditions. */
  readonly where?: string;
  /** SQL of the parts of the object's name below the database. */
  readonly name: readonly string[];
  /** SQL by the name of the aspect; NULL is no fact. Columns that only newer servers have are in `optional`. */
  readonly aspects: Readonly<Record<string, string>>;
  /** The same for columns that not all servers' views have, by the column's name. */
  readonly optional?: Readonly<Record<string, string>>;
  /** Aspects that hold SQL in which the server puts the database's name before others. */
  readonly qualified?: readonly string[];
  /** The aspect that is hidden from those who may not see it. */
  readonly guarded?: string;
}

/** They share nothing with the dump, which reads SHOW CREATE statements. */
export const factQueries: readonly FactQuery[] = [
  {
    kind: "database",
    from: "information_schema.SCHEMATA",
    schema: "SCHEMA_NAME",
    name: [],
    aspects: { "character set": "DEFAULT_CHARACTER_SET_NAME", collation: "DEFAULT_COLLATION_NAME" },
    optional: { SCHEMA_COMMENT: "NULLIF(SCHEMA_COMMENT, '')", DEFAULT_ENCRYPTION: "NULLIF(DEFAULT_ENCRYPTION, 'NO')" },
  },
  {
    kind: "table",
    from: "information_schema.TABLES",
    schema: "TABLE_SCHEMA",
    where: "TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')",
    name: ["TABLE_NAME"],
    aspects: {
      exists: "'yes'",
      type: "TABLE_TYPE",
      engine: "ENGINE",
      "row format": "ROW_FORMAT",
      collation: "TABLE_COLLATION",
      // Aria's own defaults are said of some tables and not of others.
      options: "NULLIF(TRIM(REPLACE(REPLACE(CREATE_OPTIONS, 'page_checksum=1', ''), 'transactional=1', '')), '')",
      comment: "NULLIF(TABLE_COMMENT, '')",
      "next AUTO_INCREMENT": "AUTO_INCREMENT",
    },
  },
  {
    kind: "table column",
    from: "information_schema.COLUMNS",
    schema: "TABLE_SCHEMA",
    name: ["TABLE_NAME", "COLUMN_NAME"],
    aspects: {
      exists: "'yes'",
      position: "ORDINAL_POSITION",
      type: "COLUMN_TYPE",
      "may be NULL": "IS_NULLABLE",
      default: "COLUMN_DEFAULT",
      collation: "COLLATION_NAME",
      "character set": "CHARACTER_SET_NAME",
      extra: "NULLIF(EXTRA, '')",
      comment: "NULLIF(COLUMN_COMMENT, '')",
    },
    optional: { GENERATION_EXPRESSION: "NULLIF(GENERATION_EXPRESSION, '')", SRS_ID: "SRS_ID" },
  },
  {
    kind: "index",
    from: "information_schema.STATISTICS",
    schema: "TABLE_SCHEMA",
    name: ["TABLE_NAME", "INDEX_NAME", "SEQ_IN_INDEX"],
    aspects: {
      exists: "'yes'",
      column: "COLUMN_NAME",
      unique: "IF(NON_UNIQUE = 0, 'yes', NULL)",
      "prefix length": "SUB_PART",
      direction: "COLLATION",
      type: "INDEX_TYPE",
      comment: "NULLIF(INDEX_COMMENT, '')",
    },
    optional: {
      EXPRESSION: "EXPRESSION",
      IS_VISIBLE: "IF(IS_VISIBLE = 'NO', 'yes', NULL)",
      IGNORED: "IF(IGNORED = 'YES', 'yes', NULL)",
    },
    qualified: ["EXPRESSION"],
  },
  {
    kind: "foreign key",
    from: `information_schema.KEY_COLUMN_USAGE AS u JOIN information_schema.REFERENTIAL_CONSTRAINTS AS r
      ON r.CONSTRAINT_SCHEMA = u.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = u.CONSTRAINT_NAME AND r.TABLE_NAME = u.TABLE_NAME`,
    schema: "u.CONSTRAINT_SCHEMA",
    name: ["u.TABLE_NAME", "u.CONSTRAINT_NAME", "u.ORDINAL_POSITION"],
    aspects: {
      exists: "'yes'",
      column: "u.COLUMN_NAME",
      "refers to":
        "CONCAT(IF(u.REFERENCED_TABLE_SCHEMA = u.CONSTRAINT_SCHEMA, '', CONCAT(u.REFERENCED_TABLE_SCHEMA, '.')), u.REFERENCED_TABLE_NAME, '.', u.REFERENCED_COLUMN_NAME)",
      // The two words mean the same, and servers of different times write one or the other.
      "on update": "IF(r.UPDATE_RULE = 'NO ACTION', 'RESTRICT', r.UPDATE_RULE)",
      "on delete": "IF(r.DELETE_RULE = 'NO ACTION', 'RESTRICT', r.DELETE_RULE)",
    },
  },
  {
    kind: "partition",
    from: "information_schema.PARTITIONS",
    schema: "TABLE_SCHEMA",
    where: "PARTITION_NAME IS NOT NULL",
    name: ["TABLE_NAME", "PARTITION_NAME", "COALESCE(SUBPARTITION_NAME, '')"],
    aspects: {
      exists: "'yes'",
      position: "CONCAT(PARTITION_ORDINAL_POSITION, COALESCE(CONCAT('.', SUBPARTITION_ORDINAL_POSITION), ''))",
      method: "CONCAT(PARTITION_METHOD, COALESCE(CONCAT(', ', SUBPARTITION_METHOD), ''))",
      expression: "CONCAT(COALESCE(PARTITION_EXPRESSION, ''), COALESCE(CONCAT('; ', SUBPARTITION_EXPRESSION), ''))",
      values: "PARTITION_DESCRIPTION",
      comment: "NULLIF(PARTITION_COMMENT, '')",
    },
  },
  {
    kind: "view",
    from: "information_schema.VIEWS",
    schema: "TABLE_SCHEMA",
    name: ["TABLE_NAME"],
    aspects: {
      exists: "'yes'",
      definition: "VIEW_DEFINITION",
      "check option": "CHECK_OPTION",
      security: "SECURITY_TYPE",
      definer: "DEFINER",
      "character set of its text": "CHARACTER_SET_CLIENT",
      "collation of its text": "COLLATION_CONNECTION",
    },
    optional: { ALGORITHM: "ALGORITHM" },
    qualified: ["definition"],
    guarded: "definition",
  },
  {
    kind: "",
    from: "information_schema.ROUTINES",
    schema: "ROUTINE_SCHEMA",
    name: ["LOWER(ROUTINE_TYPE)", "ROUTINE_NAME"],
    aspects: {
      exists: "'yes'",
      definition: "ROUTINE_DEFINITION",
      returns: "DTD_IDENTIFIER",
      deterministic: "IS_DETERMINISTIC",
      "data access": "SQL_DATA_ACCESS",
      security: "SECURITY_TYPE",
      definer: "DEFINER",
      sql_mode: "SQL_MODE",
      comment: "NULLIF(ROUTINE_COMMENT, '')",
      "character set of its text": "CHARACTER_SET_CLIENT",
      "collation of its text": "COLLATION_CONNECTION",
      "collation of its database": "DATABASE_COLLATION",
    },
    guarded: "definition",
  },
  {
    kind: "parameter of",
    from: "information_schema.PARAMETERS",
    schema: "SPECIFIC_SCHEMA",
    where: "ORDINAL_POSITION > 0",
    name: ["CONCAT(LOWER(ROUTINE_TYPE), ' ', SPECIFIC_NAME)", "ORDINAL_POSITION"],
    aspects: {
      exists: "'yes'",
      name: "PARAMETER_NAME",
      mode: "PARAMETER_MODE",
      type: "DTD_IDENTIFIER",
      "character set": "CHARACTER_SET_NAME",
      collation: "COLLATION_NAME",
    },
  },
  {
    kind: "trigger",
    from: "information_schema.TRIGGERS",
    schema: "TRIGGER_SCHEMA",
    name: ["EVENT_OBJECT_TABLE", "TRIGGER_NAME"],
    aspects: {
      exists: "'yes'",
      event: "CONCAT(ACTION_TIMING, ' ', EVENT_MANIPULATION)",
      order: "ACTION_ORDER",
      definition: "ACTION_STATEMENT",
      definer: "DEFINER",
      sql_mode: "SQL_MODE",
      "character set of its text": "CHARACTER_SET_CLIENT",
      "collation of its text": "COLLATION_CONNECTION",
      "collation of its database": "DATABASE_COLLATION",
    },
    guarded: "definition",
  },
  {
    kind: "event",
    from: "information_schema.EVENTS",
    schema: "EVENT_SCHEMA",
    name: ["EVENT_NAME"],
    aspects: {
      exists: "'yes'",
      definition: "EVENT_DEFINITION",
      "time zone": "TIME_ZONE",
      type: "EVENT_TYPE",
      "runs at": "EXECUTE_AT",
      "runs every": "CONCAT(INTERVAL_VALUE, ' ', INTERVAL_FIELD)",
      starts: "STARTS",
      ends: "ENDS",
      status: "STATUS",
      "on completion": "ON_COMPLETION",
      definer: "DEFINER",
      sql_mode: "SQL_MODE",
      comment: "NULLIF(EVENT_COMMENT, '')",
    },
    guarded: "definition",
  },
  {
    // Names of constraints are of a schema.
    kind: "check",
    without: ["CHECK_CONSTRAINTS", "TABLE_NAME"],
    from: `information_schema.CHECK_CONSTRAINTS AS c JOIN information_schema.TABLE_CONSTRAINTS AS t
      ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME AND t.CONSTRAINT_TYPE = 'CHECK'`,
    schema: "c.CONSTRAINT_SCHEMA",
    name: ["t.TABLE_NAME", "c.CONSTRAINT_NAME"],
    aspects: { exists: "'yes'", condition: "c.CHECK_CLAUSE", enforced: "NULLIF(t.ENFORCED, 'YES')" },
  },
  {
    // Names of constraints are of a table.
    kind: "check",
    with: ["CHECK_CONSTRAINTS", "TABLE_NAME"],
    from: "information_schema.CHECK_CONSTRAINTS",
    schema: "CONSTRAINT_SCHEMA",
    name: ["TABLE_NAME", "CONSTRAINT_NAME"],
    aspects: { exists: "'yes'", condition: "CHECK_CLAUSE" },
  },
];
