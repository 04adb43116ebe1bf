import { joinRowTotals, type RowTotals } from "../../../core/row-totals.ts";
import { usualMysqlDump } from "../../../ports/mysql-dump.ts";
import type { PromisedContents } from "../../../ports/restore-proof.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import type { InsertScanner } from "../../../wire/mysql/rows/insert-scanner.ts";
import { LiteralKind } from "../../../wire/mysql/rows/literal-kind.ts";
import { loadedColumns } from "../directory/column-loads.ts";
import { rowShapeOf } from "../dump/row-settings.ts";
import { dumpRows, selectRows } from "../dump/table-rows.ts";
import { findTypedJson } from "../dump/typed-json.ts";
import type { Relation } from "../objects/read-relations.ts";
import type { RowHistory } from "../objects/row-history.ts";

export interface RowLane {
  readonly session: MysqlConnection;
  readonly scanner: InsertScanner;
}

export interface ReadRowsOptions {
  readonly facts: MysqlServerFacts;
  readonly promised: Pick<PromisedContents, "format" | "rowSettings">;
  readonly history: RowHistory | undefined;
  readonly onBytes: (count: number) => void;
}

/** So many bytes are added up at a time; a directory has files of that size. */
const linesAtATime = 64 * 1024 * 1024;

/** Reads the rows of a table as the backup was made of them, and keeps their sums only. */
export async function readRows(
  lane: RowLane,
  table: Relation,
  { facts, promised, history, onBytes }: ReadRowsOptions,
): Promise<RowTotals> {
  if (promised.format === "directory") return await readLines(lane, table, { facts, promised, history, onBytes });
  const { session, scanner } = lane;
  const rows = { ...usualMysqlDump.rows, ...rowShapeOf(promised.rowSettings) };
  const exactJson = facts.capabilities.recursionIntoJson && !rows.jsonAsText;
  return await dumpRows(session, scanner, table, { rows, exactJson, history }, () => Promise.resolve(), onBytes);
}

async function readLines(
  { session, scanner }: RowLane,
  table: Relation,
  { facts, promised, history, onBytes }: ReadRowsOptions,
): Promise<RowTotals> {
  const looks = facts.capabilities.recursionIntoJson && !rowShapeOf(promised.rowSettings).jsonAsText;
  const json = looks ? await findTypedJson(session, table) : undefined;
  const text = await read([], json?.others);
  return json === undefined ? text : joinRowTotals([text, await read(json.columns, json.typed)]);

  async function read(literals: readonly string[], condition: string | undefined): Promise<RowTotals> {
    const columns = loadedColumns(table, history, literals);
    const kinds = columns.length === 0 ? [LiteralKind.number] : columns.map(({ kind }) => kind);
    const parts: RowTotals[] = [];
    const receiver = { write: () => Promise.resolve(), cut: (totals: RowTotals) => void parts.push(totals) };
    scanner.startLines(kinds, linesAtATime, receiver, onBytes);
    await session.stream(selectRows(table, columns, [condition], history !== undefined), {
      packets: scanner,
      row: () => undefined,
    });
    return joinRowTotals([...parts, await scanner.finish()]);
  }
}
