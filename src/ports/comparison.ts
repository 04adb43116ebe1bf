import type { DatabaseType } from "../core/database-type.ts";
import type { ComparisonNotes } from "./comparison-notes.ts";
import type { ConnectionRequest } from "./connection-request.ts";
import type { ProgressSink } from "./progress.ts";
import type { RestoreInput } from "./restore.ts";

/** Which of the two: A is `left`, B is `right`. */
export type Side = "left" | "right";

export interface CompareRequest {
  /** Both name a database. */
  readonly left: ConnectionRequest;
  readonly right: ConnectionRequest;
  readonly schemaOnly: boolean;
  /** Say what would make B's schema like A's. */
  readonly schemaStatements?: boolean;
  readonly limits: ComparisonLimits;
  /** Sessions with each side that read rows beside each other. */
  readonly jobs: number;
  /** Where rows are hashed: `client` (rows travel, the default) or `server` (sums travel, at twice the server's time). */
  readonly hashOn?: "client" | "server";
  /** Larger tables, in bytes, are read in parts of about that size. */
  readonly splitLargerThan?: number;
  /** Where is noted what was equal, and what earlier runs noted. */
  readonly notes?: ComparisonNotes;
}

/** How much of what differs is kept and told. Everything is counted. */
export interface ComparisonLimits {
  readonly schemaDifferences: number;
  readonly dataDifferences: number;
  /** Rows named of each table that differs. */
  readonly sampleRows: number;
  /** Tell values, too: they may be secret. */
  readonly showValues?: boolean;
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
  /** When they were asked for: of the columns that differ; of all columns when one side has the row. */
  readonly values?: readonly ValueDifference[];
}

/** A value on each side that has the row, null for NULL. Cut when long. */
export interface ValueDifference {
  readonly column: string;
  readonly left?: string | null;
  readonly right?: string | null;
}

/** A backup's own record of its rows, from its metadata. */
export interface RecordedRows {
  readonly database: string;
  /** The server that the backup was made of, as it says it. */
  readonly serverVersion: string;
  /** Name and version of the program that wrote its definitions, when it is known. */
  readonly writer?: string;
  /** Name of the encoding that the rows were dumped in. */
  readonly encoding: string;
  /** Settings of the dump's session that their text hangs on; absent when nobody recorded them. */
  readonly rowSettings?: Readonly<Record<string, string>>;
  /** Absent when nobody recorded it. */
  readonly format?: string;
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
  /** Old versions of rows are among them. */
  readonly hasHistory?: boolean;
}

export interface BackupCompareRequest {
  readonly database: ConnectionRequest;
  readonly backup: RecordedRows;
  readonly schemaOnly: boolean;
  readonly limits: ComparisonLimits;
  /** Opens what is stored of the backup, when rows that differ are to be told. */
  readonly openData?: () => Promise<OpenedData>;
}

/** The stored bytes of a backup. */
export interface OpenedData {
  readonly input: RestoreInput;
  /** When known: how many plain bytes one table may give at most. */
  readonly maxPlainBytes?: number;
  close(): Promise<void>;
}

/** What was compared. */
export interface ComparedSide {
  readonly kind: "database" | "backup";
  /** Default: postgres. */
  readonly databaseType?: DatabaseType;
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
  /**
   * When they were asked for: SQL that makes B's schema like A's, without semicolons at the ends. What would lose something, or
   * cannot be said, is a comment: lines that begin with two minus signs.
   */
  readonly schemaStatements?: readonly string[];
  readonly dataDifferences: readonly DataDifference[];
  readonly dataDifferenceCount: number;
  /** What earlier runs compared and was not read again; absent when nothing: the result is of one moment of each side. */
  readonly earlier?: EarlierComparison;
  /** What was left out, and why that may matter. */
  readonly notes: readonly string[];
}

/** Tables, and parts of others, that were equal in earlier runs. Times are of UTC, in ISO 8601. */
export interface EarlierComparison {
  readonly tables: number;
  readonly parts: number;
  readonly from: string;
  readonly to: string;
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
   * and checksums. Of whole archives definitions are compared, too, and it is told which rows differ.
   * @throws BackupError as {@link compare}
   */
  compareWithBackup(request: BackupCompareRequest, context: CompareContext): Promise<Comparison>;
}
