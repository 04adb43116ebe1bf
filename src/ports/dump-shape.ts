/** What of the objects that are dumped is written. Named as pg_dump's options. */
export interface DumpShape {
  readonly schemaOnly: boolean;
  readonly dataOnly: boolean;
  readonly statisticsOnly: boolean;
  readonly noSchema: boolean;
  readonly noData: boolean;
  /** Empty: all. */
  readonly sections: readonly ("pre-data" | "data" | "post-data")[];
  readonly noPrivileges: boolean;
  readonly noComments: boolean;
  readonly noPolicies: boolean;
  readonly noPublications: boolean;
  readonly noSubscriptions: boolean;
  readonly noSecurityLabels: boolean;
  readonly noToastCompression: boolean;
  readonly noUnloggedTableData: boolean;
  /** Values of sequences also without other data. */
  readonly sequenceData: boolean;
  /** Rows of partitions are loaded through the root of their tree. */
  readonly loadViaPartitionRoot: boolean;
  /** Rows as INSERT statements instead of COPY. */
  readonly inserts?: InsertsShape;
  readonly script: ScriptShape;
}

export interface InsertsShape {
  /** With the names of columns. */
  readonly columns: boolean;
  readonly rowsPerStatement: number;
  /** Rows that are there already are no error. */
  readonly onConflictDoNothing: boolean;
}

/** Of scripts only: of an archive, whoever restores it decides. */
export interface ScriptShape {
  readonly clean: boolean;
  readonly ifExists: boolean;
  /** The script makes the database, and goes on in it. */
  readonly create: boolean;
  readonly noOwner: boolean;
  readonly noTablespaces: boolean;
  readonly noTableAccessMethod: boolean;
  /** While rows are loaded, in scripts without definitions. */
  readonly disableTriggers: boolean;
  /** Who switches the triggers off. */
  readonly superuser?: string;
}

export const wholeShape: DumpShape = {
  schemaOnly: false,
  dataOnly: false,
  statisticsOnly: false,
  noSchema: false,
  noData: false,
  sections: [],
  noPrivileges: false,
  noComments: false,
  noPolicies: false,
  noPublications: false,
  noSubscriptions: false,
  noSecurityLabels: false,
  noToastCompression: false,
  noUnloggedTableData: false,
  sequenceData: false,
  loadViaPartitionRoot: false,
  script: {
    clean: false,
    ifExists: false,
    create: false,
    noOwner: false,
    noTablespaces: false,
    noTableAccessMethod: false,
    disableTriggers: false,
  },
};
