import { BackupError } from "../../../core/backup-error.ts";
import type { CheckedBackup } from "../../../ports/backup-checker.ts";
import { type LongStatement, ScriptReader, type ScriptStatement } from "../script/read-script.ts";
import { FollowedQuoting } from "../script/session-quoting.ts";
import { headOf, statementKind } from "../script/statement-head.ts";
import { type RowsOfStatement, TableTotals } from "../script/table-totals.ts";

/** Splits a whole script into its statements, and counts and checksums the rows of its INSERTs. */
export async function checkScript(plain: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<CheckedBackup> {
  await using reader = new ScriptReader(plain);
  const quoting = new FollowedQuoting();
  const tables = new TableTotals();
  let statements = 0;
  let database = "";
  for (let item = await reader.next(); item !== undefined; item = await reader.next()) {
    signal.throwIfAborted();
    if (item.kind === "character set") {
      quoting.setCharacterSet(item.name);
      reader.quoting = quoting.quoting;
      continue;
    }
    statements++;
    const head = headOf(item.text);
    const found = statementKind(head);
    if (found.kind === "rows") await count(tables.open(found.schema, found.table, item, quoting.quoting), item);
    if (found.kind === "quoting") {
      quoting.follow(head);
      reader.quoting = quoting.quoting;
    }
    if ("database" in found) database = found.database;
  }
  if (statements === 0) {
    throw new BackupError({ code: "FOREIGN_FILE", message: "the script holds no statement", hint: "name a backup" });
  }
  return {
    format: "sql",
    database: database === "" ? reader.ends.database : database,
    entries: statements,
    tables: tables.all(),
  };
}

async function count(rows: RowsOfStatement | undefined, item: ScriptStatement | LongStatement): Promise<void> {
  if (rows === undefined) return;
  if (item.kind === "statement") rows.push(item.text);
  else for await (const piece of item.pieces()) rows.push(piece);
  rows.end();
}
