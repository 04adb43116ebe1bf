/** Enough for the comments that begin and end a dump. */
const keptBytes = 2048;

const dumpPattern = /^(?:\/\*M?!999999\\-[^\n]*\n)?-- (?:MySQL|MariaDB|dbbackup)[^\n]* dump\b/i;
const completedPattern = /(?:^|\n)-- Dump completed\b[^\n]*\s*$/;

/** How a script begins and ends: by that a dump says that it is one, and that it is whole. */
export class ScriptEnds {
  #head: Buffer = Buffer.alloc(0);
  #tail: Buffer = Buffer.alloc(0);

  /** The same bytes, looked at while they pass. */
  async *pass(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of source) {
      if (this.#head.length < keptBytes) this.#head = Buffer.concat([this.#head, piece]).subarray(0, keptBytes);
      this.#tail =
        piece.length >= keptBytes
          ? Buffer.from(piece.subarray(piece.length - keptBytes))
          : Buffer.from(Buffer.concat([this.#tail, piece]).subarray(-keptBytes));
      yield piece;
    }
  }

  /** The first bytes, as a binary string. */
  get head(): string {
    return this.#head.toString("latin1");
  }

  /** Whether it begins as mysqldump, mariadb-dump and we begin a dump that has comments. */
  get isDump(): boolean {
    return dumpPattern.test(this.head);
  }

  /** Whether it ends with the line that these programs write last. */
  get isCompleted(): boolean {
    return completedPattern.test(this.#tail.toString("latin1"));
  }
}
