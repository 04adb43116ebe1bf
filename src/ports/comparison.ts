import type { ConnectionRequest } from "./connection-request.ts";
import type { ProgressSink } from "./progress.ts";

/** Which of the two: A is `left`, B is `right`. */
export type Side = "left" | "right";

export interface CompareRequest {
  /** Both name a database. */
  readonly left: ConnectionRequest;
  readonly right: ConnectionRequest;
  readonly schemaOnly: boolean;
  readonly limits: ComparisonLimits;
}

/** How much of what differs is kept and told. Everything is counted. */
export interface ComparisonLimits {
  readonly schemaDifferences: number;
  readonly dataDifferences: number;
  /** Rows named of each table that differs. */
  readonly sampleRows: number;
}

export const defaultComparisonLimits: ComparisonLimits = {
  schemaDifferences: 100,
  dataDifferences: 100,
  sampleRows: 5,
};

/** Something of the schema that is not alike. Text is Unicode. */
export interface SchemaDifference {
  /** `table sales.orders`, `table column sales.orders.total`, `function catalog.slug(text)`. */
  readonly object: string;
  /** `exists` when only one side has the object, else what of it differs: `owner`, `default`, `definition`, ... */
  readonly aspect: string;
  /** What each side says; nothing where a side has nothing to say: the object is missing, the aspect at its default. */
  readonly left?: string;
  readonly right?: string;
}

/** Rows that are not alike, of a table, a filled materialized view or the large objects. */
export interface DataDifference {
  readonly object: string;
  readonly leftRows: number;
  readonly rightRows: number;
  /** A few of the rows, when they could be told apart. */
  readonly samples: readonly RowDifference[];
}

export interface RowDifference {
  /** The values of the key, `(1042,3)`; of all columns when the table has no primary key. Cut when long. */
  readonly key: string;
  /** Which side has the row; `both` when they have it with other values. */
  readonly on: Side | "both";
  /** Columns whose values differ, when both have the row. */
  readonly columns: readonly string[];
}

/** A backup's own record of its rows, from its metadata. */
export interface RecordedRows {
  readonly database: string;
  /** The server that the backup was made of, as it says it. */
  readonly serverVersion: string;
  /** Name of the encoding that the rows were dumped in. */
  readonly encoding: string;
  /** Settings of the dump's session that their text hangs on; absent when nobody recorded them. */
  readonly rowSettings?: Readonly<Record<string, string>>;
  readonly tables: readonly RecordedTable[];
  /** Options that left something out of the backup: what it does not hold is no difference then. */
  readonly partial: readonly string[];
  /** Absent when there were none. */
  readonly largeObjects?: { readonly count: number; readonly bytes: number };
}

export interface RecordedTable {
  readonly schema: string;
  readonly name: string;
  readonly rows: number;
  /** `rowsum128-v1`: 32 hexadecimal digits. */
  readonly checksum: string;
}

export interface BackupCompareRequest {
  readonly database: ConnectionRequest;
  readonly backup: RecordedRows;
  readonly limits: ComparisonLimits;
}

/** What was compared. */
export interface ComparedSide {
  readonly kind: "database" | "backup";
  readonly database: string;
  /** As the server says it. */
  readonly serverVersion: string;
}

export interface Comparison {
  readonly equal: boolean;
  readonly left: ComparedSide;
  readonly right: ComparedSide;
  /** Objects of the schema that at least one side has; columns, constraints and the like count by themselves. */
  readonly objectsCompared: number;
  /** Tables and filled materialized views that both sides have; and large objects, when both have some, as one. */
  readonly tablesCompared: number;
  /** Rows of the left side in them. */
  readonly rowsCompared: number;
  /** At most as many as the limits say; the counts tell all. */
  readonly schemaDifferences: readonly SchemaDifference[];
  readonly schemaDifferenceCount: number;
  readonly dataDifferences: readonly DataDifference[];
  readonly dataDifferenceCount: number;
  /** What was left out, and why that may matter. */
  readonly notes: readonly string[];
}

export interface CompareContext {
  readonly progress: ProgressSink;
  readonly signal: AbortSignal;
}

/** The part of an engine that compares two databases, by queries that share no code with its dump. */
export interface Comparer {
  /**
   * Reads both sides at the same time, each in one snapshot. Changes nothing.
   * @throws BackupError CONNECT, AUTH, SERVER, UNSUPPORTED_SERVER, CONNECTION_LOST, INTERRUPTED
   */
  compare(request: CompareRequest, context: CompareContext): Promise<Comparison>;
  /**
   * Compares a database (left) with what the metadata of a backup (right) says of its rows: tables, their numbers of rows
   * and checksums. The schema is not compared.
   * @throws BackupError as {@link compare}
   */
  compareWithBackup(request: BackupCompareRequest, context: CompareContext): Promise<Comparison>;
}
