import { counted, formatCount } from "../../../core/counted.ts";
import type { RowTotals } from "../../../core/row-totals.ts";
import type { ProgressSink } from "../../../ports/progress.ts";
import type { TableKey } from "../../../ports/restore.ts";
import type { PromisedContents, PromisedTable, ProofDamage, ProofFindings } from "../../../ports/restore-proof.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { CopyOutScanner } from "../../../wire/postgres/copy-out-scanner.ts";
import { largeObjectSizes } from "../compare/row-source.ts";
import { type NameDecoder, nameDecoder } from "../dump/name-decoder.ts";
import { nameEncoder } from "../restore/name-encoder.ts";
import { joinTrees, type ReadTable } from "./join-trees.ts";
import type { ProofSession } from "./proof-session.ts";
import { type RestoredTable, readForeignTables, readPartitionedTables, readRestoredTables } from "./restored-tables.ts";

/** Of each session: two blocks that it fills in turn. */
const scannerMemory = { blocks: 2, blockSize: 1024 * 1024 };
const progressEveryTables = 20;

/**
 * Reads all rows as a dump would, over several sessions, and holds their numbers and checksums against what was recorded
 * when the backup was made. Rows that were loaded through the root of their tree may have come into another partition:
 * then the tree counts.
 */
export async function checkRows(
  sessions: readonly ProofSession[],
  promised: PromisedContents,
  progress: ProgressSink,
): Promise<ProofFindings> {
  const [{ connection }] = sessions as [ProofSession];
  const decode = nameDecoder(promised.encoding);
  const expected = new Map((promised.tables ?? []).map((table) => [keyOf(table.schema, table.name), table]));
  const tables = await readRestoredTables(connection);
  const read = await readAll(sessions, tables, { promised, expected, decode, progress });
  const unread = [...expected.keys()].filter((key) => !read.has(key));
  const elsewhere = new Set(
    unread.length === 0
      ? []
      : (await readForeignTables(connection)).map(([schema, name]) => keyOf(decode(schema), decode(name))),
  );
  const viaRoot = await promisedOfRoots(connection, expected, unread, decode);
  const missing = unread.filter((key) => !elsewhere.has(key) && !viaRoot.keys.has(key));
  const wrong = joinTrees(read.values(), viaRoot.promised).filter(differs);
  const { refused } = sessions[0]!;
  const writesOtherwise = writesFloatsOtherwise(promised, connection.serverVersion);
  const judged = wrong.map((one) => judge(one, { promised, refused, writesOtherwise }));
  const damage = [
    ...missing.map((key) => ({
      object: tableName(...splitKey(key)),
      message: "the backup has it, and it is not there",
    })),
    ...judged.flatMap((one) => one.damage ?? []),
    ...(await checkLargeObjects(sessions[0]!, promised)),
  ];
  const rows = [...read.values()].reduce((sum, { totals }) => sum + totals.rows, 0);
  const notes = [
    ...judged.flatMap((one) => one.note ?? []),
    ...unread
      .filter((key) => elsewhere.has(key))
      .map((key) => `${tableName(...splitKey(key))}: not read, its rows lie on a foreign server`),
  ];
  return { counts: { tables: read.size, rows }, damage, notes };
}

/** Rows that were written as those of a partitioned table: a script says no more of where they were. */
async function promisedOfRoots(
  connection: PgConnection,
  expected: ReadonlyMap<TableKey, PromisedTable>,
  unread: readonly TableKey[],
  decode: NameDecoder,
): Promise<{ readonly keys: ReadonlySet<TableKey>; readonly promised: ReadonlyMap<string, PromisedTable> }> {
  const keys = new Set<TableKey>();
  const promised = new Map<string, PromisedTable>();
  for (const { schema, name, root } of unread.length === 0 ? [] : await readPartitionedTables(connection)) {
    const key = keyOf(decode(schema), decode(name));
    const rows = expected.get(key);
    if (rows === undefined) continue;
    keys.add(key);
    promised.set(decode(root), rows);
  }
  return { keys, promised };
}

interface ReadRequest {
  readonly promised: PromisedContents;
  readonly expected: ReadonlyMap<TableKey, PromisedTable>;
  readonly decode: NameDecoder;
  readonly progress: ProgressSink;
}

async function readAll(
  sessions: readonly ProofSession[],
  tables: readonly RestoredTable[],
  { promised, expected, decode, progress }: ReadRequest,
): Promise<Map<TableKey, ReadTable>> {
  const encode = nameEncoder(decode);
  const read = new Map<TableKey, ReadTable>();
  const waiting = tables.values();
  let rows = 0;
  const work = async (session: ProofSession): Promise<void> => {
    const { transportKind: transport } = session.connection;
    const scanner = new CopyOutScanner({ transport, memory: scannerMemory });
    for (const table of waiting) {
      const key = keyOf(decode(table.schema), decode(table.name));
      const columns = promised.contents.columns.get(key);
      const totals = await scan(
        session,
        copyStatement(table, columns === undefined ? undefined : encode(columns)),
        scanner,
      );
      const { root, hasMoney } = table;
      const object = tableName(...splitKey(key));
      const shownRoot = root === undefined ? undefined : decode(root);
      read.set(key, { object, root: shownRoot, hasMoney, totals, promised: expected.get(key) });
      rows += totals.rows;
      if (read.size % progressEveryTables === 0 || totals.bytes > scannerMemory.blockSize) {
        progress.emit({ event: "progress", bytes: 0, rows, objects: read.size });
      }
    }
  };
  const ended = await Promise.allSettled(sessions.map(work));
  const failure = ended.find((one) => one.status === "rejected");
  if (failure !== undefined) throw failure.reason;
  progress.emit({ event: "progress", bytes: 0, rows, objects: read.size });
  return read;
}

/** In the order of the backup's columns: that of the table may be another one after a restore, as inheritance has it. */
function copyStatement({ quoted, columns, condition }: RestoredTable, asDumped = columns): string {
  if (condition === undefined) return `COPY ${quoted} ${asDumped} TO STDOUT`;
  const list = asDumped === "" ? "*" : asDumped.slice(1, -1);
  return `COPY (SELECT ${list} FROM ONLY ${quoted} ${condition}) TO STDOUT`;
}

async function scan({ connection }: ProofSession, copy: string, scanner: CopyOutScanner): Promise<RowTotals> {
  scanner.start({ isIdle: true, push: (block) => scanner.recycle(block) });
  await connection.copyOut(copy, scanner);
  return scanner.finish();
}

function differs({ totals, promised }: ReadTable): boolean {
  if (promised === undefined) return totals.rows > 0;
  return totals.rows !== promised.rows || (promised.checksum !== undefined && totals.checksum !== promised.checksum);
}

interface Judgement {
  readonly damage?: ProofDamage;
  readonly note?: string;
}

interface JudgedBy {
  readonly promised: PromisedContents;
  /** Settings of the dump's session that this server does not take. */
  readonly refused: readonly string[];
  readonly writesOtherwise: boolean;
}

/** From 12 on floating-point numbers are written with as few digits as tell them apart. */
function writesFloatsOtherwise({ sourceMajor }: PromisedContents, serverVersion: number): boolean {
  return sourceMajor !== undefined && sourceMajor < 12 !== serverVersion < 120_000;
}

function judge({ object, hasMoney, totals, promised }: ReadTable, by: JudgedBy): Judgement {
  const { refused, writesOtherwise } = by;
  const { rowSettings, tablesAreAll } = by.promised;
  if (promised === undefined) {
    if (!tablesAreAll) return {};
    return { damage: { object, message: `it holds ${counted(totals.rows, "row")}, and the backup has no such table` } };
  }
  if (totals.rows !== promised.rows) {
    const message = `it holds ${counted(totals.rows, "row")} instead of ${formatCount(promised.rows)}`;
    return { damage: { object, message } };
  }
  if (rowSettings === undefined) {
    return {
      note: `${object}: the number of rows is right, and their checksum is another one: the backup does not say in which time zone it was made`,
    };
  }
  if (writesOtherwise) {
    return { note: `${object}: only counted: the servers' versions write floating-point numbers in different ways` };
  }
  if (hasMoney && refused.includes("lc_monetary")) {
    return { note: `${object}: only counted: this server lacks the locale that amounts of money were written in` };
  }
  const message = `its rows have the checksum ${totals.checksum} instead of ${promised.checksum}`;
  return { damage: { object, message } };
}

async function checkLargeObjects(
  { connection }: ProofSession,
  { largeObjects }: PromisedContents,
): Promise<ProofDamage[]> {
  if (largeObjects === undefined) return [];
  // As descriptors they live in a transaction.
  await connection.query("BEGIN READ ONLY");
  const { rows } = await connection.query(`SELECT count(*), coalesce(sum(size), 0) FROM ${largeObjectSizes} AS o`);
  await connection.query("COMMIT");
  const [count, bytes] = rows[0]!.map(Number);
  if (count === largeObjects.count && bytes === largeObjects.bytes) return [];
  const message = `${count} of ${bytes} bytes instead of ${largeObjects.count} of ${largeObjects.bytes} bytes`;
  return [{ object: "large objects", message }];
}

const keyOf = (schema: string, name: string): TableKey => `${schema}\0${name}`;

function splitKey(key: TableKey): [string, string] {
  const [schema = "", name = ""] = key.split("\0");
  return [schema, name];
}

/** As `verify` names tables. */
const tableName = (schema: string, name: string): string => `table "${schema}"."${name}"`;
