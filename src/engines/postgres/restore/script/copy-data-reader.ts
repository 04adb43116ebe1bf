import { BackupError } from "../../../../core/backup-error.ts";

/** The script's bytes from the first one not read yet. */
export interface ScriptWindow {
  window(): Buffer;
  consume(count: number): void;
  /** Puts more bytes behind what is left of the window; false at the end of the script. */
  more(): Promise<boolean>;
}

const endMark = Buffer.from("\\.");
const endMarkBehindLine = Buffer.from("\n\\.");
/** The line that ends the rows, with the longer of the two line ends. */
const longestEndLine = 4;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** The lines between COPY ... FROM STDIN and the line `\.` that ends them. */
export class CopyDataReader {
  readonly #line: number;
  readonly #script: ScriptWindow;
  #atLineStart = true;
  #ended = false;

  /** @param line of the COPY statement, for messages. */
  constructor(line: number, script: ScriptWindow) {
    this.#line = line;
    this.#script = script;
  }

  /** May be left early. */
  async *pieces(): AsyncGenerator<Buffer> {
    for (let piece = await this.#next(); piece !== undefined; piece = await this.#next()) yield piece;
  }

  async skipRest(): Promise<void> {
    while ((await this.#next()) !== undefined);
  }

  async #next(): Promise<Buffer | undefined> {
    while (!this.#ended) {
      const bytes = this.#script.window();
      const found = this.#endIn(bytes);
      if (found !== undefined) {
        this.#ended = true;
        this.#script.consume(found.at + found.length);
        return found.at === 0 ? undefined : bytes.subarray(0, found.at);
      }
      // The end line may begin in the last bytes.
      const count = bytes.length - longestEndLine;
      if (count > 0) {
        const piece = bytes.subarray(0, count);
        this.#atLineStart = piece[count - 1] === lineFeed;
        this.#script.consume(count);
        return piece;
      }
      if (!(await this.#script.more())) return this.#endOfScript();
    }
    return undefined;
  }

  /** Where the end line begins, and its length with its line end, which may be that of Windows. */
  #endIn(bytes: Buffer): { readonly at: number; readonly length: number } | undefined {
    let at = this.#atLineStart && bytes.subarray(0, endMark.length).equals(endMark) ? 0 : nextMark(bytes, 0);
    for (; at !== undefined; at = nextMark(bytes, at)) {
      const next = bytes[at + endMark.length];
      if (next === lineFeed) return { at, length: endMark.length + 1 };
      if (next === carriageReturn && bytes[at + endMark.length + 1] === lineFeed) return { at, length: longestEndLine };
    }
    return undefined;
  }

  /** The line that ends the rows may lack its line end; the rows before it are answered. */
  #endOfScript(): Buffer | undefined {
    const rest = this.#script.window();
    const lastLine = rest.toString("latin1").replace(/\r$/, "");
    const rows = rest.subarray(0, Math.max(0, lastLine.length - endMark.length));
    const isWhole = rows.length === 0 ? this.#atLineStart : rows.at(-1) === lineFeed;
    if (!isWhole || !lastLine.endsWith("\\.")) {
      throw new BackupError({
        code: "DAMAGED",
        message: `the script ends within the rows of the COPY on line ${this.#line}`,
        hint: "it was cut off; use another copy or an earlier backup",
      });
    }
    this.#ended = true;
    this.#script.consume(rest.length);
    return rows.length === 0 ? undefined : rows;
  }
}

/** Where a line begins as the end line does, behind a place. */
function nextMark(bytes: Buffer, from: number): number | undefined {
  const found = bytes.indexOf(endMarkBehindLine, from);
  return found < 0 ? undefined : found + 1;
}
