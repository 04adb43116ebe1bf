import { BackupError } from "../../../core/backup-error.ts";
import { countLines } from "../../../core/text/count-lines.ts";
import { withoutByteOrderMark } from "../../../core/text/without-byte-order-mark.ts";
import { maxCommandBytes, maxDelimiterBytes, parseDelimiter } from "./client-commands.ts";
import { ScriptEnds } from "./script-ends.ts";
import { type Quoting, ScriptLexer } from "./script-lexer.ts";

/** One thing to do of a script. */
export type ScriptItem = ScriptStatement | LongStatement | CharacterSetCommand;

interface Placed {
  /** Where its first byte stands; lines count from 1, bytes from 0. */
  readonly line: number;
  readonly offset: number;
}

/** A statement without its delimiter, and without the comments before it. */
export interface ScriptStatement extends Placed {
  readonly kind: "statement";
  /** Valid until the item behind the next one is asked for: it may be sent while the next one is read. */
  readonly text: Buffer;
}

/** A statement that is not held in memory. */
export interface LongStatement extends Placed {
  readonly kind: "long statement";
  /** How it begins: at least {@link longHeadBytes}. Valid until the next item is asked for. */
  readonly text: Buffer;
  /**
   * The whole text, once; what is not read is skipped. Each piece is valid until the next one is asked for.
   * @throws BackupError DAMAGED when the script ends within it
   */
  pieces(): AsyncGenerator<Buffer>;
}

/** The client is to take what follows for text in this character set (`\C`). */
export interface CharacterSetCommand extends Placed {
  readonly kind: "character set";
  readonly name: string;
}

/** Longer statements are not held. */
export const heldStatementBytes = 4 * 1024 * 1024;
/** What of a long statement is held. */
export const longHeadBytes = heldStatementBytes / 2;
/** Servers take packets of at most 1 GiB, one byte of which is the command's. */
export const longestStatementBytes = 2 ** 30 - 1;
/** What the buffers of a script begin with; they grow with its pieces and statements. A folder may hold thousands of small scripts. */
const firstBytes = 4 * 1024;

/** A script that is read item by item, in bounded memory: two statements of up to {@link heldStatementBytes}, and a window. */
export class ScriptReader implements AsyncDisposable {
  readonly ends = new ScriptEnds();
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #lexer = new ScriptLexer();
  /** One memory for all pieces: gigabytes of fresh buffers would wait for the garbage collector. */
  #memory = Buffer.allocUnsafe(firstBytes);
  #window: Buffer = this.#memory.subarray(0, 0);
  #at = 0;
  #isLast = false;
  /** Bytes of the script before the window. */
  #passed = 0;
  /** Line of the byte at `#at`. */
  #line = 1;
  #began: Placed = { line: 1, offset: 0 };
  #text = Buffer.allocUnsafe(firstBytes);
  #length = 0;
  /** The text of the item before, which may still be read. */
  #before = Buffer.allocUnsafe(firstBytes);
  #rest: AsyncGenerator<Buffer> | undefined;
  /** Pieces of a long statement that were asked for or skipped. */
  #longSize = 0;

  /**
   * @param source pieces are copied: they may be used again when the next one is asked for
   * @param delimiter what statements end with until the script says something else
   */
  constructor(source: AsyncIterable<Uint8Array>, delimiter = ";") {
    this.#lexer.delimiter = delimiter;
    this.#source = withoutByteOrderMark(this.ends.pass(source))[Symbol.asyncIterator]();
  }

  /** How the session reads literals from here on. Only between items. */
  set quoting(quoting: Quoting) {
    this.#lexer.quoting = quoting;
  }

  get quoting(): Quoting {
    return this.#lexer.quoting;
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#passed + this.#at;
  }

  /**
   * The next item; undefined at the end of the script.
   * @throws BackupError DAMAGED for a script that ends too early, FOREIGN_FILE for commands of the stock clients
   */
  async next(): Promise<ScriptItem | undefined> {
    await this.#skipRest();
    [this.#text, this.#before] = [this.#before, this.#text];
    this.#length = 0;
    for (;;) {
      let beganAt = this.#lexer.hasBegun ? this.#at : undefined;
      const stop = this.#lexer.scan(this.#window, this.#at, this.#isLast, (at) => {
        beganAt = at;
        this.#begin(at);
      });
      switch (stop.kind) {
        case "statement":
          this.#keep(beganAt, stop.textEnd);
          this.#skipTo(stop.end);
          return this.#take();
        case "delimiter":
          await this.#setDelimiter(stop.at, stop.behind);
          break;
        case "character set": {
          const place = this.#placeOf(stop.at);
          this.#skipTo(stop.end);
          return { kind: "character set", name: stop.name, ...place };
        }
        case "client command":
          throw refusedCommand(stop.word, this.#placeOf(stop.at).line);
        case "needs more":
          this.#keep(beganAt, this.#window.length - stop.left);
          if (this.#length > heldStatementBytes) return this.#openLong();
          if (!(await this.#more())) return this.#end();
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source.return?.();
  }

  #begin(at: number): void {
    this.#began = this.#placeOf(at);
    this.#length = 0;
  }

  #placeOf(at: number): Placed {
    return { line: this.#line + countLines(this.#window, this.#at, at), offset: this.#passed + at };
  }

  /** Moves on to `end`; what lies behind `from` belongs to the statement. */
  #keep(from: number | undefined, end: number): void {
    if (from !== undefined && end > from) this.#add(this.#window.subarray(from, end));
    this.#skipTo(end);
  }

  #add(text: Buffer): void {
    const length = this.#length + text.length;
    if (length > this.#text.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#text.length));
      this.#text.copy(larger, 0, 0, this.#length);
      this.#text = larger;
    }
    text.copy(this.#text, this.#length);
    this.#length = length;
  }

  #skipTo(end: number): void {
    this.#line += countLines(this.#window, this.#at, end);
    this.#at = end;
  }

  #take(): ScriptStatement {
    return { kind: "statement", text: this.#text.subarray(0, this.#length), ...this.#began };
  }

  #openLong(): LongStatement {
    const head = this.#text.subarray(0, this.#length);
    this.#rest = this.#restOfLong(head);
    return { kind: "long statement", text: head, pieces: () => this.#rest!, ...this.#began };
  }

  async *#restOfLong(head: Buffer): AsyncGenerator<Buffer> {
    yield head;
    this.#longSize = head.length;
    for (;;) {
      const from = this.#at;
      const stop = this.#lexer.scan(this.#window, from, this.#isLast, () => {});
      if (stop.kind === "client command") throw refusedCommand(stop.word, this.#placeOf(stop.at).line);
      const isOver = stop.kind === "statement";
      if (!isOver && stop.kind !== "needs more") throw new Error("not inside a statement");
      const end = isOver ? stop.textEnd : this.#window.length - stop.left;
      this.#longSize += end - from;
      if (this.#longSize > longestStatementBytes) throw tooLong(this.#began.line);
      if (end > from) yield this.#window.subarray(from, end);
      this.#skipTo(isOver ? stop.end : end);
      if (isOver) return;
      if (await this.#more()) continue;
      this.#requireWhole();
      return;
    }
  }

  async #skipRest(): Promise<void> {
    if (this.#rest === undefined) return;
    for await (const _ of this.#rest);
    this.#rest = undefined;
  }

  async #setDelimiter(at: number, behind: number): Promise<void> {
    this.#skipTo(at);
    const { line } = this.#placeOf(at);
    const text = await this.#restOfLine(behind - at);
    const delimiter = parseDelimiter(text.slice(behind - at));
    if (delimiter === undefined) {
      throw new BackupError({
        code: "FOREIGN_FILE",
        message: `line ${line} of the script sets no delimiter that can be used`,
        hint: `DELIMITER takes 1 to ${maxDelimiterBytes} characters without a backslash`,
      });
    }
    this.#lexer.delimiter = delimiter;
  }

  /** Up to and including the line's end, which is not part of the answer. */
  async #restOfLine(wordLength: number): Promise<string> {
    for (;;) {
      const end = this.#window.indexOf(0x0a, this.#at);
      const length = (end < 0 ? this.#window.length : end) - this.#at;
      if (length > maxCommandBytes) throw refusedCommand("DELIMITER with a line that is too long", this.#line);
      if (end < 0 && (await this.#more())) continue;
      const text = this.#window.toString("latin1", this.#at, this.#at + Math.max(length, wordLength));
      this.#skipTo(end < 0 ? this.#window.length : end + 1);
      return text;
    }
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

  /** The last statement may lack its delimiter, unless a dump that always writes one was cut off there. */
  #end(): ScriptStatement | undefined {
    this.#requireWhole();
    if (!this.#lexer.hasBegun) return undefined;
    this.#lexer.end();
    return this.#take();
  }

  #requireWhole(): void {
    const open = this.#lexer.openPart;
    const line = this.#lexer.hasBegun ? this.#began.line : this.#line;
    if (open !== undefined) throw endsWithin(`${open} of the statement`, line);
    const { isDump, isCompleted } = this.ends;
    if (!isDump) return;
    if (this.#lexer.hasBegun) throw endsWithin("the statement", line);
    if (!isCompleted) throw endsWithout();
  }
}

/** All items of a script, for readers whose session does not matter. */
export async function* readScript(source: AsyncIterable<Uint8Array>): AsyncGenerator<ScriptItem> {
  await using reader = new ScriptReader(source);
  for (let item = await reader.next(); item !== undefined; item = await reader.next()) yield item;
}

function refusedCommand(word: string, line: number): BackupError {
  const shown = word.replaceAll(/[^\x20-\x7e]/g, "?");
  return new BackupError({
    code: "FOREIGN_FILE",
    message: `line ${line} of the script holds the client command "${shown}", which is never run`,
    hint: "only DELIMITER and what servers understand are; use the stock client if you trust this script",
  });
}

function endsWithin(what: string, line: number): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the script ends within ${what} that began on line ${line}`,
    hint: "it was cut off; use another copy, or end the last statement if you wrote it yourself",
  });
}

function endsWithout(): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: "the dump lacks its last line, by which one that is whole ends",
    hint: "it was cut off, or the program that wrote it failed; use another copy, or remove its first line if you cut it yourself",
  });
}

function tooLong(line: number): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the statement on line ${line} of the script is longer than ${longestStatementBytes} bytes`,
    hint: "no server takes it; use another copy of the script",
  });
}
