/** An extension that needs more than its statements and rows to come back. */
export interface DemandingExtension {
  readonly name: string;
  /** Follows "extension NAME". */
  readonly reason: string;
  /** What keeps its data. */
  readonly instead: string;
  /** Asks for the OIDs of the tables that are its own kind of tables. */
  readonly tablesQuery: string;
  /** How to restore a dump of it all the same. */
  readonly byHand: string;
}

/** What their manuals say; none of them can be tried by our tests. */
export const demandingExtensions: readonly DemandingExtension[] = [
  {
    name: "timescaledb",
    reason:
      "must be told before and after a restore (timescaledb_pre_restore and timescaledb_post_restore), or its hypertables break",
    instead: "make a physical backup of the server",
    tablesQuery:
      "SELECT c.oid FROM _timescaledb_catalog.hypertable h JOIN pg_catalog.pg_namespace n ON n.nspname = h.schema_name " +
      "JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = h.table_name",
    byHand:
      "create the database and the same version of the extension in it, SELECT timescaledb_pre_restore(), restore with --confirm, SELECT timescaledb_post_restore()",
  },
  {
    name: "citus",
    reason: "keeps rows on other servers, and how they are spread is in no dump",
    tablesQuery: "SELECT p.logicalrelid::pg_catalog.oid AS oid FROM pg_catalog.pg_dist_partition p",
    instead: "make physical backups of the coordinator and of all workers at one moment",
    byHand: "distribute the tables again after the restore, which makes them ordinary ones",
  },
];
