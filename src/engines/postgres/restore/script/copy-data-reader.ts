import { BackupError } from "../../../../core/backup-error.ts";

/** The script's bytes from the first one not read yet. */
export interface ScriptWindow {
  window(): Buffer;
  consume(count: number): void;
  /** Puts more bytes behind what is left of the window; false at the end of the script. */
  more(): Promise<boolean>;
}

const endLine = Buffer.from("\\.\n");
const endBehindLine = Buffer.from("\n\\.\n");

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
        this.#script.consume(found + endLine.length);
        return found === 0 ? undefined : bytes.subarray(0, found);
      }
      // The end line may begin in the last bytes.
      const count = bytes.length - endLine.length;
      if (count > 0) {
        const piece = bytes.subarray(0, count);
        this.#atLineStart = piece[count - 1] === 0x0a;
        this.#script.consume(count);
        return piece;
      }
      if (!(await this.#script.more())) return this.#endOfScript();
    }
    return undefined;
  }

  /** Where the end line begins. */
  #endIn(bytes: Buffer): number | undefined {
    if (this.#atLineStart && bytes.subarray(0, endLine.length).equals(endLine)) return 0;
    const found = bytes.indexOf(endBehindLine);
    return found < 0 ? undefined : found + 1;
  }

  /** The line that ends the rows may lack its line end; the rows before it are answered. */
  #endOfScript(): Buffer | undefined {
    const rest = this.#script.window();
    const rows = rest.subarray(0, -2);
    const isWhole = rows.length === 0 ? this.#atLineStart : rows.at(-1) === 0x0a;
    if (!isWhole || rest.toString("latin1", rows.length) !== "\\.") {
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
