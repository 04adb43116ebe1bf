/**
 * Which objects of a database are dumped. The lists hold patterns as psql reads them; what they mean together is as in
 * pg_dump's options of these names.
 */
export interface DumpSelection {
  readonly schemas: readonly string[];
  readonly excludedSchemas: readonly string[];
  /** Tables, views, materialized views, sequences and foreign tables. */
  readonly tables: readonly string[];
  readonly tablesAndChildren: readonly string[];
  readonly excludedTables: readonly string[];
  readonly excludedTablesAndChildren: readonly string[];
  /** Those whose definition is dumped, and not their rows. */
  readonly excludedData: readonly string[];
  readonly excludedDataAndChildren: readonly string[];
  readonly extensions: readonly string[];
  readonly excludedExtensions: readonly string[];
  /** Servers of foreign tables whose rows are dumped as well. */
  readonly foreignServers: readonly string[];
  /** A pattern that picks something and matches nothing is an error. */
  readonly strictNames: boolean;
  /** Absent: when nothing was picked out. */
  readonly largeObjects?: boolean;
}

export const wholeDatabase: DumpSelection = {
  schemas: [],
  excludedSchemas: [],
  tables: [],
  tablesAndChildren: [],
  excludedTables: [],
  excludedTablesAndChildren: [],
  excludedData: [],
  excludedDataAndChildren: [],
  extensions: [],
  excludedExtensions: [],
  foreignServers: [],
  strictNames: false,
};

/** Whether only what was picked out is dumped, and not all that is in the database. */
export function picksObjects({ schemas, tables, tablesAndChildren, extensions }: DumpSelection): boolean {
  return [schemas, tables, tablesAndChildren, extensions].some((patterns) => patterns.length > 0);
}
