import { BackupError } from "../../../core/backup-error.ts";
import type {
  BackupCompareRequest,
  CompareContext,
  Comparison,
  DataDifference,
  RecordedRows,
  SchemaDifference,
} from "../../../ports/comparison.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { MysqlConnectionSpec } from "../../../wire/mysql/connection-spec.ts";
import { identifyMysql, type MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import { openMysqlSession } from "../../../wire/mysql/open-session.ts";
import { InsertScanner } from "../../../wire/mysql/rows/insert-scanner.ts";
import { setUpDumpSession } from "../dump/dump-session.ts";
import { holdsRows } from "../dump/table-rows.ts";
import { type Relation, readRelations } from "../objects/read-relations.ts";
import { readRowHistories } from "../objects/row-history.ts";
import { isAsDumped } from "../proof/check-rows.ts";
import { readRows } from "../proof/read-rows.ts";
import { nameAsKept, noDatabase } from "./comparison-session.ts";
import { pairNames } from "./pair-names.ts";

/** A session that reads rows as a dump does, all from one state. */
interface Source {
  readonly session: MysqlConnection;
  readonly facts: MysqlServerFacts;
  readonly database: string;
  /** By names of its tables: what they are called in the backup. */
  readonly pairs: ReadonlyMap<string, string>;
}

/**
 * Compares the rows of a database with what the metadata of a backup says of its own: numbers and checksums, for which the rows are
 * read and written as the dump did. What differs is named by table.
 * @throws BackupError PRECHECK when schemas are to be compared, UNSUPPORTED_FORMAT
 */
export async function compareWithBackup(
  spec: MysqlConnectionSpec,
  { backup, schemaOnly, limits }: Omit<BackupCompareRequest, "database">,
  { progress, signal }: CompareContext,
): Promise<Comparison> {
  if (schemaOnly) throw noDefinitions();
  if (spec.database === undefined) throw noDatabase();
  progress.emit({ event: "phase", phase: "connect", message: "connecting" });
  await using session = await openMysqlSession({ ...spec, database: undefined }, { signal });
  const facts = await identifyMysql(session);
  const database = await nameAsKept(session, spec.database);
  await setUpDumpSession(session, facts, database);
  await session.query("START TRANSACTION WITH CONSISTENT SNAPSHOT");
  const tables = (await readRelations(session, database)).filter(holdsRows);
  const names = tables.map(({ name }) => name);
  const recorded = backup.tables.map(({ name }) => name);
  const pairs = pairNames(names, recorded, [{ facts }]);
  const { differences, counted, ...rows } = await compareRows(
    { session, facts, database, pairs },
    tables,
    backup,
    (count, table) => progress.emit({ event: "progress", bytes: 0, rows: count, objects: table }),
  );
  const schema = missingTables(tables, backup, pairs);
  return {
    equal: schema.length === 0 && differences.length === 0,
    left: { kind: "database", databaseType: facts.flavour, database, serverVersion: facts.versionText },
    right: {
      kind: "backup",
      databaseType: facts.flavour,
      database: backup.database,
      serverVersion: backup.serverVersion,
    },
    objectsCompared: 0,
    ...rows,
    schemaDifferences: schema.slice(0, limits.schemaDifferences),
    schemaDifferenceCount: schema.length,
    dataDifferences: differences.slice(0, limits.dataDifferences),
    dataDifferenceCount: differences.length,
    notes: notesOf(backup, counted),
  };
}

interface ComparedRows {
  readonly tablesCompared: number;
  readonly rowsCompared: number;
  readonly differences: readonly DataDifference[];
  /** Tables whose checksums mean nothing here, and differ. */
  readonly counted: readonly string[];
}

async function compareRows(
  { session, facts, database, pairs }: Source,
  tables: readonly Relation[],
  backup: RecordedRows,
  onTable: (rows: number, tables: number) => void,
): Promise<ComparedRows> {
  const byName = new Map(backup.tables.map((table) => [table.name, table]));
  const recorded = new Map([...pairs].map(([name, other]) => [name, byName.get(other)!]));
  const promised = {
    format: backup.format === "directory" ? ("directory" as const) : ("script" as const),
    sourceVersion: backup.serverVersion,
    ...(backup.rowSettings === undefined ? {} : { rowSettings: backup.rowSettings }),
  };
  const versioned = tables.filter(({ name }) => recorded.get(name)?.hasHistory === true);
  const histories = versioned.length === 0 ? new Map() : await readRowHistories(session, database, versioned, facts);
  const scanner = new InsertScanner(session.transport);
  const differences: DataDifference[] = [];
  const counted: string[] = [];
  let rowsCompared = 0;
  let tablesCompared = 0;
  for (const table of tables) {
    const expected = recorded.get(table.name);
    if (expected === undefined) continue;
    const options = { facts, promised, history: histories.get(table.name), onBytes: () => undefined };
    const found = await readRows({ session, scanner }, table, options);
    rowsCompared += found.rows;
    tablesCompared += 1;
    onTable(rowsCompared, tablesCompared);
    if (found.rows === expected.rows && found.checksum === expected.checksum) continue;
    if (found.rows === expected.rows && !isAsDumped({ facts }, promised)) counted.push(table.name);
    else {
      const [leftRows, rightRows] = [found.rows, expected.rows];
      differences.push({ object: `table ${table.name}`, leftRows, rightRows, samples: [] });
    }
  }
  return { tablesCompared, rowsCompared, differences, counted };
}

/** Of a backup of a part, nobody knows which other tables there should be. */
function missingTables(
  tables: readonly Relation[],
  { tables: recorded, partial }: RecordedRows,
  pairs: ReadonlyMap<string, string>,
): SchemaDifference[] {
  const missing = onlyIn("right", recorded, new Set(pairs.values()));
  return [...(partial.length > 0 ? [] : onlyIn("left", tables, new Set(pairs.keys()))), ...missing];
}

function onlyIn(
  side: "left" | "right",
  tables: readonly { readonly name: string }[],
  known: ReadonlySet<string>,
): SchemaDifference[] {
  return tables
    .filter(({ name }) => !known.has(name))
    .map(({ name }) => ({ object: `table ${name}`, aspect: "exists", [side]: "yes" }));
}

function notesOf({ partial, serverVersion }: RecordedRows, counted: readonly string[]): string[] {
  return [
    "only rows were compared: restore the backup into another database to compare the schema",
    ...(partial.length > 0 ? [`the backup holds a part of its database: it was made with ${partial.join(" ")}`] : []),
    ...(counted.length === 0
      ? []
      : [
          `rows were counted only, where checksums differ (${counted.slice(0, 3).join(", ")}${counted.length > 3 ? ` and ${counted.length - 3} more` : ""}): servers of another version than ${serverVersion} may write values in another way`,
        ]),
  ];
}

function noDefinitions(): BackupError {
  return new BackupError({
    code: "PRECHECK",
    message: "of a backup of MySQL or MariaDB only the rows can be compared, not the schema",
    hint: "restore it into another database, and compare the two",
  });
}
