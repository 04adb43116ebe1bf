import type { RowTotals } from "../../../core/row-totals.ts";
import { usualMysqlDump } from "../../../ports/mysql-dump.ts";
import type { PromisedContents } from "../../../ports/restore-proof.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import type { InsertScanner } from "../../../wire/mysql/rows/insert-scanner.ts";
import { rowShapeOf } from "../dump/row-settings.ts";
import { ScriptWriter } from "../dump/script-writer.ts";
import { dumpRows } from "../dump/table-rows.ts";
import type { Relation } from "../objects/read-relations.ts";
import type { RowHistory } from "../objects/row-history.ts";

export interface RowLane {
  readonly session: MysqlConnection;
  readonly scanner: InsertScanner;
}

export interface ReadRowsOptions {
  readonly facts: MysqlServerFacts;
  readonly promised: PromisedContents;
  readonly history: RowHistory | undefined;
  readonly onBytes: (count: number) => void;
}

/** Reads the rows of a table as the backup was made of them, and keeps their sums only. */
export async function readRows(
  { session, scanner }: RowLane,
  table: Relation,
  { facts, promised, history, onBytes }: ReadRowsOptions,
): Promise<RowTotals> {
  const rows = { ...usualMysqlDump.rows, ...rowShapeOf(promised.rowSettings) };
  const exactJson = facts.capabilities.recursionIntoJson && !rows.jsonAsText;
  const nowhere = new ScriptWriter({ write: () => Promise.resolve() });
  return await dumpRows(session, scanner, table, { rows, exactJson }, nowhere, onBytes, history);
}
