import { BackupError } from "../../../../core/backup-error.ts";
import type { RestoreRequest, TableKey } from "../../../../ports/restore.ts";
import type { OpenSpool } from "../../../../ports/spool.ts";
import type { PgConnection } from "../../../../wire/postgres/connection.ts";
import { RowScanner } from "../../../../wire/postgres/row-scanner.ts";
import { isStatisticsCall, takesStatistics } from "../../archive/optimizer-statistics.ts";
import type { NameDecoder } from "../../dump/name-decoder.ts";
import { quoteLiteral } from "../../sql/quote.ts";
import { createDatabaseSql, parseDatabaseDefinition } from "../database-definition.ts";
import type { FailureLog } from "../failure-log.ts";
import { loadTable, passUnread } from "../load-table.ts";
import type { RestoreProgress } from "../restore-progress.ts";
import type { ClientCommand } from "./client-command.ts";
import { readScript, type ScriptItem, stringsSetting } from "./read-script.ts";
import { copiedTable, createdDatabase, isTransactionControl } from "./statement-facts.ts";

export interface ScriptRun {
  readonly source: AsyncIterable<Uint8Array>;
  readonly request: RestoreRequest;
  /** The session that the script begins in; the caller's to close, as are those that `connect` opens. */
  readonly connection: PgConnection;
  /**
   * Another session, for `\connect`: the one before is not used any more.
   * @throws BackupError when the script may not go there
   */
  readonly connect: (database: string) => Promise<PgConnection>;
  /** The script created a database. */
  readonly onCreated: (database: string) => void;
  readonly failures: FailureLog;
  readonly progress: RestoreProgress;
  readonly decode: NameDecoder;
  /** For statements that are too long to be held. */
  readonly openSpool: OpenSpool;
}

export interface ScriptRunResult {
  readonly done: number;
  readonly warnings: string[];
}

/** Settings that newer versions write and older servers do not know. None of them changes what is restored. */
const optionalSettings = new RegExp(
  "^SET\\s+(?:SESSION\\s+)?(?:transaction_timeout|idle_in_transaction_session_timeout|idle_session_timeout" +
    "|lock_timeout|default_table_access_method|row_security|xmloption)\\s*(?:=|\\sTO\\s)",
  "i",
);
const undefinedObject = "42704";

/** Prepares a session for a script: strings are read as the splitter reads them, names found where psql would find them. */
export const scriptSession = "SET standard_conforming_strings = on; RESET search_path";

/**
 * Runs a script statement by statement, as psql would.
 * @throws BackupError at the first failure, unless the log decides to go on
 */
export async function runScript(run: ScriptRun): Promise<ScriptRunResult> {
  const runner = new ScriptRunner(run);
  if (run.request.singleTransaction) await run.connection.query("BEGIN");
  for await (const item of readScript(run.source, undefined, run.openSpool)) await runner.take(item);
  if (run.request.singleTransaction) await runner.connection.query("COMMIT");
  run.progress.tell();
  return { done: runner.done, warnings: runner.warnings };
}

class ScriptRunner {
  done = 0;
  readonly warnings: string[] = [];
  connection: PgConnection;
  readonly #run: ScriptRun;
  readonly #scanner = new RowScanner();
  #strings = true;

  constructor(run: ScriptRun) {
    this.#run = run;
    this.connection = run.connection;
  }

  async take(item: ScriptItem): Promise<void> {
    const { failures, progress } = this.#run;
    try {
      if (item.kind === "statement") await this.#statement(item.sql, item.line);
      else if (item.kind === "long statement") await this.#longStatement(item);
      else if (item.kind === "copy") await this.#copy(item);
      else await this.#command(item.command);
      this.done += item.kind === "command" ? 0 : 1;
      progress.addObject();
    } catch (error) {
      failures.note(error, { object: `line ${item.line}`, sql: item.kind === "command" ? "" : item.sql });
    }
  }

  async #statement(sql: string, line: number): Promise<void> {
    if (this.#run.request.singleTransaction && isTransactionControl(sql)) {
      // Large objects come in transactions of their own: here they are part of the single one.
      if (/^(?:BEGIN|COMMIT);$/i.test(sql)) return;
      throw new BackupError({
        code: "FOREIGN_FILE",
        message: "the script controls transactions itself",
        hint: "leave out --single-transaction",
      });
    }
    // The pre-check has said so.
    if (isStatisticsCall(sql) && !takesStatistics(Math.floor(this.connection.serverVersion / 10_000))) return;
    const created = createdDatabase(sql);
    try {
      await this.connection.query(created === undefined ? sql : this.#creating(sql, created));
    } catch (error) {
      const isOptional =
        error instanceof BackupError && error.sqlState === undefinedObject && optionalSettings.test(sql);
      if (!isOptional) throw error;
      this.warnings.push(`line ${line}: the server does not know the setting of "${sql}", which was left out`);
      return;
    }
    this.#checkStrings(sql);
    if (created !== undefined) this.#run.onCreated(this.#run.decode(created));
  }

  /** Older servers have other words for the same locale. */
  #creating(sql: string, database: string): string {
    const definition = parseDatabaseDefinition(sql);
    const major = Math.floor(this.connection.serverVersion / 10_000);
    return definition === undefined ? sql : createDatabaseSql(definition, database, major);
  }

  async #longStatement({ sql, text }: Extract<ScriptItem, { readonly kind: "long statement" }>): Promise<void> {
    await this.connection.queryPieces({ shown: sql, size: text.size, pieces: text.pieces() });
    this.#checkStrings("");
  }

  /** A function could have changed how strings end, behind the back of the splitter. */
  #checkStrings(sql: string): void {
    this.#strings = stringsSetting(sql) ?? this.#strings;
    if (this.connection.parameter("standard_conforming_strings") === (this.#strings ? "on" : "off")) return;
    throw new BackupError({
      code: "FOREIGN_FILE",
      message: "the script changes standard_conforming_strings in a way that pg_dump never does",
      hint: "only scripts that pg_dump could have written are run; use psql if you trust this one",
    });
  }

  async #copy(item: Extract<ScriptItem, { readonly kind: "copy" }>): Promise<void> {
    const { request, progress, decode } = this.#run;
    const target = copiedTable(item.sql) ?? { schema: "", table: "" };
    const key: TableKey = `${decode(target.schema)}\0${decode(target.table)}`;
    const table = key.replace("\0", ".");
    progress.start(table);
    const expected = request.expectedRows?.get(key);
    if (expected === undefined) {
      // Rows may come in any form that COPY takes: only the server can count them.
      const { rows, bytes } = await passUnread(this.connection, item, (count) => progress.addBytes(count));
      progress.end(table, rows, bytes);
      return;
    }
    this.#scanner.reset();
    const totals = await loadTable({
      connection: this.connection,
      sql: item.sql,
      chunks: item.rows,
      hasEndLine: false,
      scanner: this.#scanner,
      expected,
      table,
      onBytes: (count) => progress.addBytes(count),
    });
    progress.end(table, totals.rows, totals.bytes);
  }

  async #command(command: ClientCommand): Promise<void> {
    switch (command.kind) {
      case "restrict":
      case "unrestrict":
        return;
      case "encoding":
        await this.connection.query(`SET client_encoding TO ${quoteLiteral(command.name)}`);
        return;
      case "connect":
        this.connection = await this.#run.connect(this.#run.decode(command.database));
        this.#strings = true;
    }
  }
}
