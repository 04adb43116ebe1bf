import { BackupError } from "../../../../core/backup-error.ts";
import type { OpenSpool, Spool } from "../../../../ports/spool.ts";

/** Longer statements are not held in memory: their text waits in a spool. */
export const heldStatementBytes = 8 * 1024 * 1024;
/** Servers take messages of less than 1 GiB, of which 5 bytes are not the statement's. */
const longestStatementBytes = 2 ** 30 - 7;

/** What is done with text that is too long to be held: kept in a spool, or only measured by who sends nothing. */
export type LongStatements = OpenSpool | "measure";

/** A statement that is too long to be held. */
export interface LongStatement {
  readonly size: number;
  /** Its text. Once; each piece is valid until the next one is asked for. */
  readonly pieces: () => AsyncIterable<Uint8Array>;
}

/** Takes the text of one long statement after another. */
export class LongStatementText {
  readonly #kept: LongStatements;
  #spool: Spool | undefined;
  #size = 0;

  constructor(kept: LongStatements) {
    this.#kept = kept;
  }

  /** Of the statement so far; 0 before its first piece. */
  get size(): number {
    return this.#size;
  }

  /**
   * @param line where the statement begins
   * @throws BackupError DAMAGED when no server would take it; IO
   */
  async add(text: Uint8Array, line: number): Promise<void> {
    this.#size += text.length;
    if (this.#size > longestStatementBytes) throw tooLong(line, longestStatementBytes);
    if (this.#kept === "measure") return;
    this.#spool ??= await this.#kept();
    await this.#spool.write(text);
  }

  /** The statement is whole. */
  take(): LongStatement {
    const size = this.#size;
    const spool = this.#spool;
    this.#size = 0;
    return {
      size,
      pieces: () => {
        if (spool === undefined) throw new Error("the text was measured only");
        return spool.drain();
      },
    };
  }

  async close(): Promise<void> {
    await this.#spool?.close();
  }
}

export function tooLong(line: number, limit: number): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the statement on line ${line} of the script is longer than ${limit} bytes`,
    hint: "no server takes it; use another copy of the script, or dump with --rows-per-insert or COPY",
  });
}
