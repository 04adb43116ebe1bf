import { BackupError } from "../../../core/backup-error.ts";
import type { Codec } from "../../../ports/codec.ts";
import type {
  BackupCompareRequest,
  CompareContext,
  Comparison,
  ComparisonLimits,
  DataDifference,
  RecordedRows,
  RecordedTable,
  SchemaDifference,
} from "../../../ports/comparison.ts";
import type { ProgressSink } from "../../../ports/progress.ts";
import type { ConnectionSpec } from "../../../wire/postgres/connection-spec.ts";
import { CopyOutScanner } from "../../../wire/postgres/copy-out-scanner.ts";
import { BackupSamples } from "./backup/backup-samples.ts";
import { compareDefinitions } from "./backup/compare-definitions.ts";
import { readDefinitions } from "./backup/read-definitions.ts";
import { beginSnapshot, type ComparisonSession, describeSide, openComparisonSession } from "./comparison-session.ts";
import { type CopiedTable, readCopiedTables } from "./copied-tables.ts";
import { largeObjectSizes } from "./row-source.ts";

const caveat = "row checksums also depend on the order of columns";
const caveatOfSettings = "and on TimeZone and lc_monetary of the session that made the backup";

/** Compares a database with what the metadata of a backup says of its rows. See `Comparer`. */
export async function compareWithBackup(
  spec: ConnectionSpec,
  { backup, schemaOnly, limits, openData }: Omit<BackupCompareRequest, "database">,
  { progress, signal }: CompareContext,
  { program, codec }: { readonly program: string; readonly codec: Codec },
): Promise<Comparison> {
  progress.emit({ event: "phase", phase: "connect", message: "connecting" });
  const session = await openComparisonSession(spec, signal);
  await using connection = session.connection;
  // As a dump leaves them: the row checksums are of the bytes as dumped.
  await connection.query("reset timezone; reset lc_monetary");
  await setAll(session, backup.rowSettings ?? {});
  await connection.query(beginSnapshot);

  progress.emit({ event: "phase", phase: "schema", message: "comparing the schemas" });
  const recorded = new Map(backup.tables.map((table) => [`${table.schema}\0${table.name}`, table]));
  const tables = await readCopiedTables(session, backup.encoding);
  const isPartial = backup.partial.length > 0;
  const data = new BackupSamples(session, limits, openData, codec);
  await using _ = data;
  const archived = isPartial ? undefined : await data.definitions();
  if (archived === undefined && schemaOnly) throw noDefinitions(isPartial, data.notes[0]);
  const isSameWriter = backup.writer === program && majorOf(backup.serverVersion) === session.major;
  const schemaDifferences =
    archived === undefined
      ? missing(tables, recorded, isPartial)
      : [...compareDefinitions(await readDefinitions(spec, signal), archived, isSameWriter)];
  const rows = schemaOnly ? noRows : await compareRows(session, { tables, recorded, limits, data }, progress);
  const { tablesCompared, rowsCompared } = rows;
  const dataDifferences = [...rows.differences];
  if (!schemaOnly && (!isPartial || backup.largeObjects !== undefined)) {
    dataDifferences.push(...(await compareLargeObjects(session, backup.largeObjects)));
  }
  return {
    equal: schemaDifferences.length === 0 && dataDifferences.length === 0,
    left: describeSide(session),
    right: { kind: "backup", database: backup.database, serverVersion: backup.serverVersion },
    objectsCompared: archived?.size ?? 0,
    tablesCompared,
    rowsCompared,
    schemaDifferences: schemaDifferences.slice(0, limits.schemaDifferences),
    schemaDifferenceCount: schemaDifferences.length,
    dataDifferences: dataDifferences.slice(0, limits.dataDifferences),
    dataDifferenceCount: dataDifferences.length,
    notes: [
      ...(schemaOnly ? ["rows were not compared"] : notesOf(backup, dataDifferences.length > 0)),
      ...schemaNotes(archived !== undefined, isSameWriter),
      ...data.notes,
    ],
  };
}

interface ComparedRows {
  readonly tablesCompared: number;
  readonly rowsCompared: number;
  readonly differences: readonly DataDifference[];
}

const noRows: ComparedRows = { tablesCompared: 0, rowsCompared: 0, differences: [] };

/** Reads the tables that both have, and the rows of the backup where they differ. */
async function compareRows(
  session: ComparisonSession,
  {
    tables,
    recorded,
    limits,
    data,
  }: {
    readonly tables: ReadonlyMap<string, CopiedTable>;
    readonly recorded: ReadonlyMap<string, RecordedTable>;
    readonly limits: ComparisonLimits;
    readonly data: BackupSamples;
  },
  progress: ProgressSink,
): Promise<ComparedRows> {
  progress.emit({ event: "phase", phase: "data", message: "comparing the rows" });
  const scanner = new CopyOutScanner({
    transport: session.connection.transportKind,
    memory: { blocks: 2, blockSize: 1024 * 1024 },
  });
  const differences: DataDifference[] = [];
  let rowsCompared = 0;
  let tablesCompared = 0;
  for (const [key, table] of tables) {
    const expected = recorded.get(key);
    if (expected === undefined) continue;
    const found = await scan(session, table, scanner);
    tablesCompared++;
    rowsCompared += found.rows;
    progress.emit({ event: "progress", bytes: 0, rows: rowsCompared, objects: tablesCompared });
    if (found.rows === expected.rows && found.checksum === expected.checksum) continue;
    const isTold = differences.length < limits.dataDifferences;
    const samples = isTold ? await data.of(key, table, expected.rows) : [];
    differences.push({ object: table.object, leftRows: found.rows, rightRows: expected.rows, samples });
  }
  return { tablesCompared, rowsCompared, differences };
}

/** As SQL, a binary string. */
function literal(text: string): string {
  return `'${Buffer.from(text, "utf8").toString("latin1").replaceAll("'", "''")}'`;
}

/** What this server does not take (a locale that it has not) stays as its own: only amounts of money hang on it. */
async function setAll({ connection }: ComparisonSession, settings: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    await connection.query(`select set_config(${literal(name)}, ${literal(value)}, false)`).catch((error: unknown) => {
      if (!(error instanceof BackupError) || error.code !== "SERVER") throw error;
    });
  }
}

function missing(
  tables: ReadonlyMap<string, CopiedTable>,
  recorded: ReadonlyMap<string, RecordedTable>,
  isPartial: boolean,
): SchemaDifference[] {
  const differences: SchemaDifference[] = [];
  for (const [key, { object }] of isPartial ? [] : tables)
    if (!recorded.has(key)) differences.push({ object, aspect: "exists", left: "yes" });
  for (const [key, { schema, name }] of recorded) {
    if (!tables.has(key)) differences.push({ object: `table ${schema}.${name}`, aspect: "exists", right: "yes" });
  }
  return differences;
}

async function scan({ connection }: ComparisonSession, { copy }: CopiedTable, scanner: CopyOutScanner) {
  scanner.start({ isIdle: true, push: (block) => scanner.recycle(block) });
  await connection.query("savepoint reading");
  await connection.copyOut(copy, scanner);
  // Gives the lock of the table back: see `withoutLocks`.
  await connection.query("rollback to savepoint reading; release savepoint reading");
  return scanner.finish();
}

async function compareLargeObjects(
  { connection }: ComparisonSession,
  recorded: { readonly count: number; readonly bytes: number } = { count: 0, bytes: 0 },
): Promise<DataDifference[]> {
  const { rows } = await connection.query(`select count(*), coalesce(sum(size), 0) from ${largeObjectSizes} as o`);
  const [count, bytes] = rows[0]!.map(Number);
  if (count === recorded.count && bytes === recorded.bytes) return [];
  return [{ object: "large objects", leftRows: count!, rightRows: recorded.count, samples: [] }];
}

const majorOf = (version: string): number => Number.parseInt(version, 10);

/** @param failure why the backup could not be read; scripts can be, but hold no table of contents */
function noDefinitions(isPartial: boolean, failure = "it is a script"): BackupError {
  return new BackupError({
    code: "PRECHECK",
    message: isPartial
      ? "the backup holds a part of its database, and so its schema cannot be compared"
      : `the backup has no table of contents that could be compared: ${failure}`,
    hint: "restore it into another database, and compare the two",
  });
}

function schemaNotes(isCompared: boolean, isSameWriter: boolean): string[] {
  if (!isCompared) return ["only rows were compared: restore the backup into another database to compare the schema"];
  if (isSameWriter) return [];
  return [
    "objects were compared by name and owner, not by definition: another program or version wrote the backup, or it is of another version of the server",
  ];
}

function notesOf({ largeObjects, partial, rowSettings }: RecordedRows, differs: boolean): string[] {
  return [
    ...(partial.length > 0 ? [`the backup holds a part of its database: it was made with ${partial.join(" ")}`] : []),
    ...(largeObjects !== undefined ? ["large objects were compared by their number and size"] : []),
    ...(differs ? [rowSettings === undefined ? `${caveat}, ${caveatOfSettings}` : caveat] : []),
  ];
}
