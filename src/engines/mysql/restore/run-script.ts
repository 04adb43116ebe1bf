import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { RowReceiver } from "../../../wire/mysql/exchanges/query-exchange.ts";
import { MysqlServerError } from "../../../wire/mysql/server-error.ts";
import { shownText } from "../../../wire/net/shown-text.ts";
import type { StatementConverter } from "../convert/statement-converter.ts";
import { TypedJsonAsText, typedJsonAsText } from "../convert/typed-json-as-text.ts";
import type { DefinerChanger } from "../script/definer-changer.ts";
import { localFile } from "../script/local-file.ts";
import {
  type LongStatement,
  longestStatementBytes,
  type ScriptItem,
  ScriptReader,
  type ScriptStatement,
} from "../script/read-script.ts";
import type { Quoting } from "../script/script-lexer.ts";
import { askQuoting } from "../script/session-quoting.ts";
import { headOf, type StatementKind, statementKind } from "../script/statement-head.ts";
import type { RowsOfStatement, TableTotals } from "../script/table-totals.ts";
import { type FailedStatement, type FailureLog, notConvertible, StatementTooLong } from "./failure-log.ts";
import { isRestrictedSetting } from "./restricted-setting.ts";
import type { ScriptProgress } from "./script-progress.ts";

export interface ScriptRun {
  readonly source: AsyncIterable<Uint8Array>;
  /** The session that the script runs in; the caller's to close. */
  readonly connection: MysqlConnection;
  readonly failures: Pick<FailureLog, "note">;
  readonly progress: ScriptProgress;
  /** @throws BackupError when the script may not create, drop or use that database */
  readonly requireTarget: (database: string, doing: "uses" | "creates" | "drops") => void;
  /** `max_allowed_packet` of the session, when somebody has asked. */
  readonly maxPacket?: number;
  /** Counts what is read, when somebody knows what it should be. */
  readonly totals: TableTotals | undefined;
  /** Changes whom statements name as definers. */
  readonly definers: DefinerChanger;
  /** The script created its database. */
  readonly onCreated: () => void;
  /** What the script makes, when it is one of several. */
  readonly object?: string;
  /** Makes statements fit the server, and leaves out what cannot. */
  readonly converter?: StatementConverter | undefined;
  /** Changes statements of up to 4 MiB that are no rows, after the converter; nothing for those that need not be sent. */
  readonly rewrite?: (text: Buffer) => Buffer | undefined;
  /** What statements end with until the script says something else. */
  readonly delimiter?: string;
  /** How the session reads literals, when somebody knows. */
  readonly quoting?: Quoting | undefined;
  /** @throws BackupError for a statement that has no business in the script */
  readonly requireAllowed?: (kind: StatementKind, statement: FailedStatement) => void;
  /** Runs a LOAD DATA LOCAL; absent: it is refused. Answers how many rows came. */
  readonly loadFile?: (text: Buffer, line: number) => Promise<number>;
}

export interface ScriptRunResult {
  /** Statements that were run. */
  readonly done: number;
  readonly warnings: string[];
  /** How the session reads literals now. */
  readonly quoting: Quoting;
  /** Where the last statement began that may have changed something of the session; -1 without any. */
  readonly lastSettingAt: number;
}

/** More warnings than these are counted. */
const maxWarnings = 50;
/** The server was asked for nothing: a comment for servers of another version or flavour. */
const emptyQuery = 1065;
/** What is old-fashioned is no news of a script. */
const deprecations = new Set(["1287", "1681", "1831", "3090", "3135", "3719", "3778", "4079"]);
const discarded: RowReceiver = { row: () => undefined };

/**
 * Runs a script statement by statement, as the stock clients of MySQL and MariaDB would.
 * @throws BackupError at the first failure, unless the log decides to go on
 */
export async function runScript(run: ScriptRun): Promise<ScriptRunResult> {
  await using reader = new ScriptReader(run.source, run.delimiter);
  const runner = new ScriptRunner(run, reader);
  await runner.begin();
  let item = await reader.next();
  while (item !== undefined) item = await runner.take(item);
  run.progress.tell();
  const { done, lastSettingAt } = runner;
  return { done, warnings: runner.allWarnings(), quoting: reader.quoting, lastSettingAt };
}

interface Statement extends FailedStatement {
  readonly kind: StatementKind;
}

/** Statements that leave the session as it is. */
const keepsSession = /^(?:CREATE|DROP|ALTER|INSERT|REPLACE)\b/i;

class ScriptRunner {
  done = 0;
  lastSettingAt = -1;
  readonly #run: ScriptRun;
  readonly #reader: ScriptReader;
  readonly #warnings: string[] = [];
  #unlisted = 0;
  #maxPacket = longestStatementBytes;

  constructor(run: ScriptRun, reader: ScriptReader) {
    this.#run = run;
    this.#reader = reader;
  }

  async begin(): Promise<void> {
    const { connection, maxPacket, quoting } = this.#run;
    this.#maxPacket = maxPacket ?? (await askMaxPacket(connection));
    this.#reader.quoting = quoting ?? (await askQuoting(connection));
  }

  /** Answers the item behind it. */
  async take(item: ScriptItem): Promise<ScriptItem | undefined> {
    this.#run.progress.readTo(item.offset);
    if (item.kind === "character set" || !keepsSession.test(headOf(item.text))) this.lastSettingAt = item.offset;
    if (item.kind === "character set") {
      await this.#run.connection.query(`SET NAMES ${item.name}`);
      this.#reader.quoting = await askQuoting(this.#run.connection);
      return await this.#reader.next();
    }
    const head = headOf(item.text);
    const { object } = this.#run;
    const kind = statementKind(head);
    const statement: Statement = { line: item.line, head, kind, ...(object === undefined ? {} : { object }) };
    this.#run.requireAllowed?.(kind, statement);
    // The text of an INSERT was sent when the next one is read, which it says nothing about.
    if (statement.kind.kind === "rows" && item.kind === "statement") {
      const running = this.#noted(this.#send(item, statement), statement);
      const [, next] = await Promise.all([running, this.#readAhead()]);
      return await next();
    }
    await this.#noted(this.#do(item, statement), statement);
    return await this.#reader.next();
  }

  allWarnings(): string[] {
    if (this.#unlisted === 0) return this.#warnings;
    return [...this.#warnings, `the server warned of ${this.#unlisted} more statements`];
  }

  /** What fails in it fails when it is waited for. */
  async #readAhead(): Promise<() => Promise<ScriptItem | undefined>> {
    try {
      const item = await this.#reader.next();
      return () => Promise.resolve(item);
    } catch (error) {
      return () => Promise.reject(error as Error);
    }
  }

  async #noted(running: Promise<void>, statement: Statement): Promise<void> {
    try {
      await running;
      this.done += 1;
    } catch (error) {
      if (error instanceof MysqlServerError && error.number === emptyQuery) return;
      const warn = (message: string): void => this.#warn(`line ${statement.line}: ${message}`);
      if (await isRestrictedSetting(this.#run.connection, error, statement.head, warn)) return;
      this.#run.failures.note(error, statement);
    }
  }

  async #do(item: Exclude<ScriptItem, { kind: "character set" }>, statement: Statement): Promise<void> {
    const { kind, line } = statement;
    const { requireTarget, onCreated } = this.#run;
    switch (kind.kind) {
      case "use":
        requireTarget(kind.database, "uses");
        break;
      case "create database":
        requireTarget(kind.database, "creates");
        break;
      case "drop database":
        requireTarget(kind.database, "drops");
        break;
      case "local file":
        if (this.#run.loadFile === undefined) throw localFile(line);
        this.#run.progress.ran(await this.#run.loadFile(item.text, line));
        return;
      case "gtid":
        this.#warn(
          `line ${line}: GTID_PURGED was not set: it tells of transactions of the whole server, not of this database`,
        );
        return;
      case "no binary log":
        this.#warn(
          `line ${line}: the script switches the binary log off: replicas of this server will not see its changes`,
        );
        break;
    }
    await this.#send(item, statement);
    if (kind.kind === "create database") onCreated();
    if (kind.kind === "quoting") this.#reader.quoting = await askQuoting(this.#run.connection);
    const { noBackslashEscapes } = this.#run.connection;
    // Whatever did that: the server says it with every answer.
    if (noBackslashEscapes !== this.#reader.quoting.noBackslashEscapes) {
      this.#reader.quoting = await askQuoting(this.#run.connection);
    }
  }

  async #send(item: Exclude<ScriptItem, { kind: "character set" }>, { kind, line, head }: Statement): Promise<void> {
    const { connection, progress } = this.#run;
    const isRows = kind.kind === "rows";
    if (isRows) progress.begin(kind.table);
    const rows = isRows ? this.#run.totals?.open(kind.schema, kind.table, item, this.#reader.quoting) : undefined;
    if (item.kind === "statement") {
      rows?.push(item.text);
      rows?.end();
    }
    const { converter } = this.#run;
    if (isRows && converter?.isLeftOut(kind.table) === true) {
      if (item.kind === "long statement") for await (const piece of item.pieces()) rows?.push(piece);
      if (item.kind === "long statement") rows?.end();
      return;
    }
    const text = isRows ? this.#rowsText(item) : await this.#changed(item, head);
    if (text === undefined) return;
    this.#requireFitting(text.length, line);
    const outcome =
      item.kind === "statement"
        ? await connection.stream(text, discarded)
        : await connection.streamPieces(text, this.#checkedPieces(item, text, rows), discarded);
    progress.ran(isRows ? outcome.affectedRows : 0);
    // That a setting is old-fashioned is no news of what is restored.
    if (outcome.warnings > 0 && !/^SET\b/i.test(head)) await this.#askWarnings(outcome.warnings, line);
  }

  /** Rows as the server takes them; of a long statement, how it begins. */
  #rowsText({ kind, text }: ScriptStatement | LongStatement): Buffer {
    return kind === "statement" && this.#run.converter?.keepsTypesInJson === false ? typedJsonAsText(text) : text;
  }

  /** Nothing for what needs not be sent. @throws NotConvertible for what the server cannot have */
  async #changed({ kind, text }: ScriptStatement | LongStatement, head: string): Promise<Buffer | undefined> {
    const changed = await this.#run.definers.change(text, this.#reader.quoting.characterSet);
    if (kind !== "statement") return changed;
    const converted = this.#converted(head, changed);
    const { rewrite } = this.#run;
    return converted === undefined || rewrite === undefined ? converted : rewrite(converted);
  }

  #converted(head: string, text: Buffer): Buffer | undefined {
    const converted = this.#run.converter?.convert(head, text.toString("latin1"));
    if (converted === undefined) return text;
    if (converted.isPointless === true) return undefined;
    if (converted.impossible === undefined) return Buffer.from(converted.text, "latin1");
    throw notConvertible(converted.impossible);
  }

  /** @param head what is sent instead of how the statement begins */
  async *#checkedPieces(item: LongStatement, head: Buffer, rows: RowsOfStatement | undefined): AsyncGenerator<Buffer> {
    let size = 0;
    const asText = rowsAsText(item, this.#run.converter);
    for await (const piece of item.pieces()) {
      const plain = size === 0 ? head : piece;
      rows?.push(plain);
      const sent = asText?.push(plain) ?? plain;
      size += sent.length;
      this.#requireFitting(size, item.line);
      yield sent;
    }
    rows?.end();
  }

  /** One byte of a packet is the command's. */
  #requireFitting(size: number, line: number): void {
    if (size < this.#maxPacket) return;
    throw new StatementTooLong({
      code: "SERVER",
      message: `the statement on line ${line} has ${size} bytes or more, and the server takes ${this.#maxPacket - 1} (max_allowed_packet)`,
      hint: "raise it for all sessions that begin afterwards (SET GLOBAL max_allowed_packet = 1073741824), and restore again",
    });
  }

  async #askWarnings(count: number, line: number): Promise<void> {
    if (this.#warnings.length >= maxWarnings) {
      this.#unlisted += 1;
      return;
    }
    const shown = await this.#run.connection.rows("SHOW WARNINGS LIMIT 5");
    const first = shown.find(({ Level, Code }) => Level !== "Note" && !deprecations.has(Code ?? ""));
    if (first === undefined) return;
    const others = count > 1 ? `, and ${count - 1} more` : "";
    this.#warn(`line ${line}: the server warned (${first.Code}): ${shownText(first.Message ?? "")}${others}`);
  }

  #warn(message: string): void {
    if (this.#warnings.length < maxWarnings) this.#warnings.push(message);
    else this.#unlisted += 1;
  }
}

async function askMaxPacket(connection: MysqlConnection): Promise<number> {
  const [row] = await connection.rows("SELECT @@max_allowed_packet AS bytes");
  return Number(row?.bytes ?? longestStatementBytes);
}

function rowsAsText({ text }: LongStatement, converter: StatementConverter | undefined): TypedJsonAsText | undefined {
  const isRows = statementKind(headOf(text)).kind === "rows";
  return isRows && converter?.keepsTypesInJson === false ? new TypedJsonAsText() : undefined;
}
