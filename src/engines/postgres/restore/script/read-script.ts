import { BackupError } from "../../../../core/backup-error.ts";
import { countLines } from "../../../../core/text/count-lines.ts";
import { withoutByteOrderMark } from "../../../../core/text/without-byte-order-mark.ts";
import { archiveLimits } from "../../archive/archive-limits.ts";
import { type ClientCommand, maxCommandBytes, parseClientCommand, RestrictedPart } from "./client-command.ts";
import { CopyDataReader } from "./copy-data-reader.ts";
import {
  heldStatementBytes,
  type LongStatement,
  type LongStatements,
  LongStatementText,
  tooLong,
} from "./long-statement.ts";
import { SqlLexer } from "./sql-lexer.ts";

/** One thing to do of a script, with the line where it begins. All text is binary strings. */
export type ScriptItem = ScriptPart & {
  /** Bytes of the script before it, and before the comments that precede it. */
  readonly from: number;
};

type ScriptPart =
  | { readonly kind: "statement"; readonly line: number; readonly sql: string }
  /** `sql` is how it begins. */
  | { readonly kind: "long statement"; readonly line: number; readonly sql: string; readonly text: LongStatement }
  | {
      readonly kind: "copy";
      readonly line: number;
      readonly sql: string;
      /**
       * The rows, without the line that ends them; what is not read is skipped. Each piece is valid until the next one is
       * asked for. Fails with DAMAGED when the line that ends them is missing.
       */
      readonly rows: AsyncIterable<Buffer>;
    }
  | { readonly kind: "command"; readonly line: number; readonly command: ClientCommand };

/** Enough for the pieces that sources give, and what is left of the one before. */
const windowBytes = 512 * 1024;
/** How much of a long statement tells what it is. */
const shownBytes = 64 * 1024;
const settingPattern =
  /^SET\s+(?:SESSION\s+|LOCAL\s+)?standard_conforming_strings\s*(?:=|\sTO\s)\s*'?(on|off|true|false|yes|no|0|1)'?\s*;$/i;
/** Encodings whose characters may hold ASCII bytes: statements in them cannot be split by looking at bytes. */
const unsafeEncodings: ReadonlySet<string> = new Set(
  [
    "BIG5",
    "WIN950",
    "WINDOWS950",
    "GBK",
    "WIN936",
    "WINDOWS936",
    "GB18030",
    "JOHAB",
    "SJIS",
    "MSKANJI",
    "SHIFTJIS",
  ].concat(["WIN932", "WINDOWS932", "SHIFTJIS2004", "UHC", "WIN949", "WINDOWS949"]),
);
const encodingPattern = /^SET\s+(?:SESSION\s+|LOCAL\s+)?client_encoding\s*(?:=|\sTO\s)\s*'?([A-Za-z0-9_-]+)'?\s*;$/i;

/** What a statement sets `standard_conforming_strings` to, if it does. */
export function stringsSetting(sql: string): boolean | undefined {
  const value = settingPattern.exec(sql)?.[1];
  return value === undefined ? undefined : /^(on|true|yes|1)$/i.test(value);
}

/** What a statement sets `client_encoding` to, if it does. */
export function encodingSetting(sql: string): string | undefined {
  return encodingPattern.exec(sql)?.[1];
}

/**
 * Splits an SQL script into what is to be done, in bounded memory: as psql would, but that it obeys no client commands other
 * than those of a dump, and knows no variables.
 * @param source pieces are copied: they may be used again when the next one is asked for
 * @param session what its settings are where the script begins
 * @param long what is done with the text of long statements; without it they are held like all others
 * @throws BackupError DAMAGED for a script that ends too early, or holds a zero character; FOREIGN_FILE for what only psql would understand
 */
export async function* readScript(
  source: AsyncIterable<Uint8Array>,
  session: { readonly standardConformingStrings: boolean } = { standardConformingStrings: true },
  long?: LongStatements,
): AsyncGenerator<ScriptItem> {
  const reader = new ScriptReader(withoutByteOrderMark(source), session.standardConformingStrings, long);
  try {
    for (let item = await reader.next(); item !== undefined; item = await reader.next()) yield item;
  } finally {
    await reader.close();
  }
}

class ScriptReader {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #lexer = new SqlLexer();
  readonly #restricted = new RestrictedPart();
  /** One memory for all pieces: gigabytes of fresh buffers would wait for the garbage collector. */
  #memory = Buffer.allocUnsafe(windowBytes);
  /** What of the memory holds bytes of the script. */
  #window: Buffer = this.#memory.subarray(0, 0);
  /** The next byte of the window to read. */
  #at = 0;
  #isLast = false;
  /** Bytes of the script before the window. */
  #passed = 0;
  /** Line of the byte at `#at`. */
  #line = 1;
  /** The statement so far, and where it began. */
  #text = "";
  #beginLine = 0;
  /** The statement's text when it is too long for `#text`, which then is how it begins. */
  readonly #long: LongStatementText | undefined;
  #copy: CopyDataReader | undefined;

  constructor(source: AsyncIterable<Uint8Array>, standardConformingStrings: boolean, long: LongStatements | undefined) {
    this.#source = source[Symbol.asyncIterator]();
    this.#long = long === undefined ? undefined : new LongStatementText(long);
    this.#lexer.standardConformingStrings = standardConformingStrings;
  }

  async next(): Promise<ScriptItem | undefined> {
    await this.#finishCopy();
    const from = this.#passed + this.#at;
    const part = await this.#part();
    return part === undefined ? undefined : { ...part, from };
  }

  async #part(): Promise<ScriptPart | undefined> {
    for (;;) {
      let beganAt = this.#lexer.hasBegun ? this.#at : undefined;
      const stop = this.#lexer.scan(this.#window, this.#at, this.#isLast, (at) => {
        beganAt = at;
        this.#beginLine = this.#line + countLines(this.#window, this.#at, at);
      });
      switch (stop.kind) {
        case "statement":
          await this.#keep(beganAt, stop.end);
          return stop.isCopyFromClient ? await this.#openCopy() : this.#takeStatement();
        case "command":
          this.#skipTo(stop.at);
          return await this.#readCommand();
        case "psql only":
          this.#skipTo(stop.at);
          throw psqlOnly(stop.what, this.#line);
        case "needs more":
          await this.#keep(beganAt, this.#window.length - stop.left);
          if (!(await this.#more())) return this.#end();
      }
    }
  }

  /** Moves on to `end`; what lies behind `from` belongs to the statement. */
  async #keep(from: number | undefined, end: number): Promise<void> {
    if (from !== undefined) await this.#add(this.#window.subarray(from, end));
    this.#skipTo(end);
  }

  async #add(text: Buffer): Promise<void> {
    if (text.includes(0)) throw zeroCharacter(this.#beginLine);
    const length = this.#text.length + text.length;
    const long = this.#long;
    if (long === undefined && length > archiveLimits.stringBytes)
      throw tooLong(this.#beginLine, archiveLimits.stringBytes);
    if (long === undefined || (long.size === 0 && length <= heldStatementBytes)) {
      this.#text += text.toString("latin1");
      return;
    }
    if (long.size === 0) {
      await long.add(Buffer.from(this.#text, "latin1"), this.#beginLine);
      this.#text = this.#text.slice(0, shownBytes);
    }
    await long.add(text, this.#beginLine);
  }

  #skipTo(end: number): void {
    this.#line += countLines(this.#window, this.#at, end);
    this.#at = end;
  }

  /** Puts the next piece behind what is left of the window. Answers false at the end of the script. */
  async #more(): Promise<boolean> {
    if (this.#isLast) return false;
    const { value, done } = await this.#source.next();
    const rest = this.#window.subarray(this.#at);
    this.#passed += this.#at;
    this.#at = 0;
    if (done === true) {
      this.#isLast = true;
      this.#window = rest;
      return true;
    }
    const length = rest.length + value.length;
    const target = length <= this.#memory.length ? this.#memory : Buffer.allocUnsafe(2 * length);
    rest.copy(target);
    target.set(value, rest.length);
    this.#memory = target;
    this.#window = target.subarray(0, length);
    return true;
  }

  #takeStatement(): ScriptPart {
    const sql = this.#text;
    this.#text = "";
    if (this.#long !== undefined && this.#long.size > 0) {
      return { kind: "long statement", line: this.#beginLine, sql, text: this.#long.take() };
    }
    this.#lexer.standardConformingStrings = stringsSetting(sql) ?? this.#lexer.standardConformingStrings;
    const encoding = encodingSetting(sql);
    if (encoding !== undefined) refuseUnsafeEncoding(encoding, this.#beginLine);
    return { kind: "statement", line: this.#beginLine, sql };
  }

  async #openCopy(): Promise<ScriptPart> {
    const item = this.#takeStatement() as ScriptPart & { readonly sql: string };
    if (item.kind === "long statement") throw tooLong(item.line, heldStatementBytes);
    const rest = await this.#restOfLine();
    if (rest.trim() !== "") throw psqlOnly("something behind COPY on its line", this.#line - 1);
    const rows = new CopyDataReader(item.line, {
      window: () => this.#window.subarray(this.#at),
      consume: (count) => {
        this.#line += countLines(this.#window, this.#at, this.#at + count);
        this.#at += count;
      },
      more: async () => (await this.#more()) && !this.#isLast,
    });
    this.#copy = rows;
    return { kind: "copy", line: item.line, sql: item.sql, rows: rows.pieces() };
  }

  async #finishCopy(): Promise<void> {
    await this.#copy?.skipRest();
    this.#copy = undefined;
  }

  async #readCommand(): Promise<ScriptPart> {
    const line = this.#line;
    const text = await this.#restOfLine();
    const command = parseClientCommand(text);
    if (command === undefined) throw refusedCommand(text, line, "dbbackup obeys only those that pg_dump writes");
    const reason = this.#restricted.refuse(command);
    if (reason !== undefined) throw refusedCommand(text, line, reason);
    if (command.kind === "encoding") refuseUnsafeEncoding(command.name, line);
    return { kind: "command", line, command };
  }

  /** Up to and including the line's end, which is not part of the answer. */
  async #restOfLine(): Promise<string> {
    for (;;) {
      const end = this.#window.indexOf(0x0a, this.#at);
      const length = (end < 0 ? this.#window.length : end) - this.#at;
      if (length > maxCommandBytes) throw refusedCommand("", this.#line, "its line is too long");
      if (end < 0 && !this.#isLast && (await this.#more())) continue;
      const text = this.#window.toString("latin1", this.#at, this.#at + length);
      this.#skipTo(end < 0 ? this.#window.length : end + 1);
      return text.replace(/\r$/, "");
    }
  }

  async close(): Promise<void> {
    await this.#long?.close();
  }

  #end(): undefined {
    const open = this.#lexer.openPart;
    if (open !== undefined) throw endsWithin(open, this.#lexer.hasBegun ? this.#beginLine : this.#line);
    if (this.#restricted.isOpen) throw endsWithin("a restricted part", this.#line);
    return undefined;
  }
}

function refuseUnsafeEncoding(name: string, line: number): void {
  if (!unsafeEncodings.has(name.toUpperCase().replaceAll(/[-_]/g, ""))) return;
  throw new BackupError({
    code: "FOREIGN_FILE",
    message: `line ${line} of the script asks for the client encoding "${name}", in which statements cannot be told apart safely`,
    hint: "dump with the encoding of the server, or convert the script to UTF8",
  });
}

function zeroCharacter(line: number): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the statement on line ${line} of the script holds a zero character, which no server takes`,
    hint: "use another copy of the script",
  });
}

function psqlOnly(what: string, line: number): BackupError {
  return new BackupError({
    code: "FOREIGN_FILE",
    message: `line ${line} of the script holds ${what}`,
    hint: "only scripts that pg_dump could have written are run; use psql if you trust this one",
  });
}

function refusedCommand(text: string, line: number, reason: string): BackupError {
  const word = /^\\[A-Za-z!?;:.]{1,30}/.exec(text)?.[0] ?? "\\";
  return new BackupError({
    code: "FOREIGN_FILE",
    message: `line ${line} of the script holds the client command "${word}": ${reason}`,
    hint: "only scripts that pg_dump could have written are run; use psql if you trust this one",
  });
}

function endsWithin(what: string, line: number): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the script ends within ${what} that began on line ${line}`,
    hint: "it was cut off; use another copy, or end the last statement with a semicolon",
  });
}
