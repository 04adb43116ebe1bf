import { BackupError } from "../../../core/backup-error.ts";
import type { MysqlDumpOptions } from "../../../ports/mysql-dump.ts";
import type { SampleChoice, SamplePlan } from "../../../ports/sample.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import { rowValues } from "../../../wire/mysql/exchanges/result-set.ts";
import type { MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import { MemoryBudget } from "../../common/memory-budget.ts";
import { DefinitionLocks } from "../dump/definition-locks.ts";
import type { DumpTelling } from "../dump/dump-telling.ts";
import { holdsRows } from "../dump/table-rows.ts";
import type { Relation } from "../objects/read-relations.ts";
import { quoteName } from "../quote.ts";
import { type Reference, readReferences } from "./read-references.ts";
import { hashLimit, rowHash } from "./row-hash.ts";
import { keyText, readRowKeys } from "./row-key.ts";
import { KeyedRows, type SampledRows, UnkeyedRows } from "./sampled-rows.ts";

/** Of which one of so many rows is chosen, or more, a table is read as a whole, instead of by the keys of its rows. */
const SHARE_READ_WHOLE = 10;

/** The rows of a sample, by table. */
export type ChosenSample = ReadonlyMap<string, SampledRows>;

export interface ChooseRequest {
  /** In the snapshot of the dump, and in its database. */
  readonly session: MysqlConnection;
  readonly facts: MysqlServerFacts;
  readonly database: string;
  /** Those whose rows are dumped. */
  readonly tables: readonly Relation[];
  readonly choice: SampleChoice;
  readonly telling: DumpTelling;
}

/**
 * Chooses the rows of a sample, and all that these refer to. Reads only: no temporary table is made, so a replica and an
 * account that may only read will do. Keys of the rows are kept in memory, up to a limit.
 * @throws BackupError UNSUPPORTED_OBJECT for a sample that is too large, and for keys that lead to rows that are left out
 */
export async function chooseMysqlSample(request: ChooseRequest): Promise<ChosenSample> {
  const { session, database, tables, telling } = request;
  telling.phase("choose", "choosing rows");
  const keys = await readRowKeys(session, database, tables);
  const { byTable, toOtherDatabases } = await readReferences(
    session,
    database,
    new Set(tables.map(({ name }) => name)),
  );
  if (toOtherDatabases.length > 0) {
    const shown = `${toOtherDatabases.slice(0, 3).join(", ")}${toOtherDatabases.length > 3 ? ` and ${toOtherDatabases.length - 3} more` : ""}`;
    telling.warn(`foreign keys lead to other databases, whose rows are not in the sample: ${shown}`);
  }
  const budget = new MemoryBudget();
  const sample = new Map<string, KeyedRows | UnkeyedRows>();
  const locks = new DefinitionLocks(session);
  for (const table of tables) {
    await locks.before(table);
    const key = keys.get(table.name);
    const rows =
      key === undefined ? new UnkeyedRows(table) : new KeyedRows(table, key, budget, request.facts.capabilities);
    sample.set(table.name, rows);
    await (rows instanceof KeyedRows ? chooseKeyed(rows, request) : chooseUnkeyed(rows, request));
  }
  telling.phase("references", "following foreign keys");
  await followReferences(sample, byTable, request, locks);
  await locks.release();
  telling.sample(mysqlSamplePlan(database, sample));
  return sample;
}

async function chooseKeyed(rows: KeyedRows, request: ChooseRequest): Promise<void> {
  const { session, facts, choice } = request;
  const { table, key } = rows;
  const hash = rowHash(table.name, key, choice, facts.capabilities);
  const limit = choice.kind === "count" ? undefined : hashLimit(choice);
  const list = key.map(({ name }) => quoteName(name)).join(", ");
  const chosen =
    choice.kind === "count"
      ? ` ORDER BY ${hash}, ${list} LIMIT ${choice.value}`
      : limit === undefined
        ? ""
        : ` WHERE ${hash} < '${limit}'`;
  await eachKey(session, `SELECT ${list} FROM ${quoteName(table.name)}${chosen}`, rows);
  rows.chosen = rows.count;
  // Of a sample of so many rows nobody knows where it ends.
  if (choice.kind === "count" || rows.chosen === 0 || rows.chosen * SHARE_READ_WHOLE < table.rows) return;
  rows.chosenCondition = (of) =>
    limit === undefined ? "TRUE" : `${rowHash(table.name, key, choice, facts.capabilities, of)} < '${limit}'`;
}

/** Rows that are equal have the same hash: all of them are chosen or none. */
async function chooseUnkeyed(rows: UnkeyedRows, request: ChooseRequest): Promise<void> {
  const { session, facts, choice } = request;
  const { table } = rows;
  const columns = table.columns.filter(({ isGenerated }) => !isGenerated);
  const hash = (of = ""): string => rowHash(table.name, columns, choice, facts.capabilities, of);
  const name = quoteName(table.name);
  if (choice.kind === "count") {
    const [last] = await session.rows(
      `SELECT ${hash()} AS hash FROM ${name} ORDER BY hash LIMIT 1 OFFSET ${choice.value - 1}`,
    );
    if (last !== undefined) rows.condition = (of) => `${hash(of)} <= '${last["hash"]}'`;
  } else {
    const limit = hashLimit(choice);
    if (limit !== undefined) rows.condition = (of) => `${hash(of)} < '${limit}'`;
  }
  rows.chosen = await countRows(session, rows);
  rows.count = rows.chosen;
}

async function countRows(session: MysqlConnection, { table, condition }: UnkeyedRows): Promise<number> {
  const where = condition === undefined ? "" : ` WHERE ${condition("")}`;
  const [row] = await session.rows(`SELECT COUNT(*) AS count FROM ${quoteName(table.name)}${where}`);
  return Number(row!.count);
}

async function eachKey(session: MysqlConnection, sql: string, rows: KeyedRows): Promise<void> {
  const { key } = rows;
  let failure: unknown;
  await session.stream(sql, {
    row(packet) {
      if (failure !== undefined) return undefined;
      try {
        rows.add(keyText(key, rowValues(packet, key.length)));
      } catch (error) {
        failure = error;
      }
      return undefined;
    },
  });
  if (failure !== undefined) throw failure;
}

/** Until nothing new comes: circles end, since each row is followed once. */
async function followReferences(
  sample: ReadonlyMap<string, KeyedRows | UnkeyedRows>,
  byTable: ReadonlyMap<string, readonly Reference[]>,
  { session, telling }: ChooseRequest,
  locks: DefinitionLocks,
): Promise<void> {
  for (let isNew = true; isNew; ) {
    isNew = false;
    for (const [name, references] of byTable) {
      const rows = sample.get(name)!;
      for (let condition = nextCondition(rows); condition !== undefined; condition = nextCondition(rows)) {
        isNew = true;
        await locks.before(rows.table);
        for (const reference of references) {
          await followOne(session, reference, condition.sql, sample.get(reference.parent)!, telling);
        }
      }
    }
  }
}

/** Of rows that were not followed yet; undefined when there is none. */
function nextCondition(rows: KeyedRows | UnkeyedRows): { readonly sql: string | undefined } | undefined {
  if (rows instanceof KeyedRows) {
    const sql = rows.nextToFollow("c.");
    return sql === undefined ? undefined : { sql };
  }
  if (rows.isFollowed) return undefined;
  rows.isFollowed = true;
  return { sql: rows.condition?.("c.") };
}

async function followOne(
  session: MysqlConnection,
  { table, columns, parent }: Reference,
  condition: string | undefined,
  parents: KeyedRows | UnkeyedRows,
  telling: DumpTelling,
): Promise<void> {
  if (parents instanceof UnkeyedRows) return await takeWhole(session, parents, telling);
  const list = parents.key.map(({ name }) => `p.${quoteName(name)}`).join(", ");
  const on = columns.map(([own, other]) => `c.${quoteName(own)} = p.${quoteName(other)}`).join(" AND ");
  const where = condition === undefined ? "" : ` WHERE ${condition}`;
  // The server compares as it checks the key: with the collation of the columns.
  const sql = `SELECT DISTINCT ${list} FROM ${quoteName(table)} c STRAIGHT_JOIN ${quoteName(parent)} p ON ${on}${where}`;
  await eachKey(session, sql, parents);
}

/** Rows without a key cannot be named one by one. */
async function takeWhole(session: MysqlConnection, rows: UnkeyedRows, telling: DumpTelling): Promise<void> {
  if (rows.condition === undefined) return;
  rows.condition = undefined;
  rows.isFollowed = false;
  rows.count = await countRows(session, rows);
  telling.warn(
    `table "${rows.table.name}" is in the sample as a whole: others refer to it, and it has no key by which its rows could be named`,
    rows.table.name,
  );
}

/** The tables whose rows can be in a sample. */
export function sampledTables(
  relations: readonly Relation[],
  { ignoredData }: Pick<MysqlDumpOptions, "ignoredData">,
): Relation[] {
  return relations.filter((table) => holdsRows(table) && !ignoredData.includes(table.name));
}

/** What a sample will hold. Sizes are estimated from the server's own estimates. */
export function mysqlSamplePlan(database: string, sample: ChosenSample): SamplePlan {
  return {
    tables: [...sample.values()].map((rows) => ({
      schema: database,
      name: rows.table.name,
      chosen: rows.chosen,
      referenced: rows.count - rows.chosen,
      estimatedBytes: estimatedBytes(rows),
    })),
  };
}

/** Of the rows of a table in a sample, by the server's estimates. */
export function estimatedBytes({ table, count }: SampledRows): number {
  return Math.round((table.bytes / Math.max(1, table.rows, count)) * count);
}

/**
 * Compares what was copied with what was chosen.
 * @throws BackupError SERVER: the backup is not what was said
 */
export function requireSampledRows(
  sample: ChosenSample,
  dumped: readonly { readonly name: string; readonly rows: number }[],
  isExact: (table: Relation) => boolean,
): void {
  for (const { name, rows } of dumped) {
    const sampled = sample.get(name);
    if (sampled === undefined || rows === sampled.count || !isExact(sampled.table)) continue;
    throw new BackupError({
      code: "SERVER",
      message: `of table "${name}" ${rows} rows were copied, and ${sampled.count} were chosen`,
      object: name,
      hint: "run CHECK TABLE on it, and back up again",
    });
  }
}
