import { BackupError } from "../../../core/backup-error.ts";
import { joinRowTotals, noRows, type RowTotals } from "../../../core/row-totals.ts";
import type { CheckedBackup, CheckedTable } from "../../../ports/backup-checker.ts";
import { ValuesScanner } from "../../../wire/mysql/values/values-scanner.ts";
import { characterLengths } from "../script/multi-byte.ts";
import { type LongStatement, ScriptReader, type ScriptStatement } from "../script/read-script.ts";
import type { Quoting } from "../script/script-lexer.ts";
import { FollowedQuoting } from "../script/session-quoting.ts";
import { headOf, statementKind } from "../script/statement-head.ts";
import { valuesAt } from "./values-at.ts";

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
    if (found.kind === "rows") await tables.add(found.schema, found.table, item, quoting.quoting);
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

/** What is known of each table that rows come into. */
class TableTotals {
  readonly #tables = new Map<string, { schema: string; name: string; totals: RowTotals | undefined }>();
  readonly #scanner = new ValuesScanner();
  #open: { readonly key: string } | undefined;

  async add(
    schema: string,
    name: string,
    item: ScriptStatement | LongStatement,
    { noBackslashEscapes, characterSet }: Quoting,
  ): Promise<void> {
    const at = valuesAt(item.text);
    const key = `${schema}\0${name}`;
    // Rows of a SELECT, or text in which a byte may be half of a character: nobody knows what comes of it.
    if (at === undefined || characterLengths(characterSet) !== undefined) {
      this.#close();
      this.#tables.set(key, { schema, name, totals: undefined });
      return;
    }
    if (this.#open?.key !== key) {
      this.#close();
      if (!this.#tables.has(key)) this.#tables.set(key, { schema, name, totals: noRows });
      this.#open = { key };
    }
    this.#scanner.beginStatement();
    if (item.kind === "statement") this.#scanner.push(item.text.subarray(at), !noBackslashEscapes);
    else await this.#long(item, at, !noBackslashEscapes);
    if (!this.#scanner.isInRow) return;
    throw new BackupError({
      code: "DAMAGED",
      message: `the statement on line ${item.line} ends within a row of table "${name}"`,
      object: name,
      hint: "use another copy of the backup",
    });
  }

  all(): CheckedTable[] {
    this.#close();
    return [...this.#tables.values()].map(({ schema, name, totals }) => ({
      schema,
      name,
      ...(totals === undefined ? {} : { totals }),
    }));
  }

  async #long(item: LongStatement, from: number, hasEscapes: boolean): Promise<void> {
    let skipped = from;
    for await (const piece of item.pieces()) {
      const at = Math.min(skipped, piece.length);
      skipped -= at;
      this.#scanner.push(piece.subarray(at), hasEscapes);
    }
  }

  /** Takes what the scanner counted for the table before. */
  #close(): void {
    if (this.#open === undefined) return;
    const table = this.#tables.get(this.#open.key)!;
    const totals = this.#scanner.take();
    if (table.totals !== undefined) table.totals = joinRowTotals([table.totals, totals]);
    this.#open = undefined;
  }
}
