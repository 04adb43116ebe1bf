/** Enough for the comments that begin and end a dump. */
const keptBytes = 2048;

const stockPattern = /^(?:\/\*M?!999999\\-[^\n]*\n)?-- (?:MySQL|MariaDB) dump\b/;
const ownPattern = /^-- dbbackup [^\n]*: dump of (?:a database|accounts) of /;
const stockEnd = /(?:^|\n)-- Dump completed\b[^\n]*\s*$/;
const ownEnd = /(?:^|\n)-- dbbackup: end of script\s*$/;

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
    return stockPattern.test(this.head) || ownPattern.test(this.head);
  }

  /** The server that a dump was made of, as its first lines say it: `10.5.23-MariaDB`; undefined when they do not. */
  get serverVersion(): string | undefined {
    const stock = /\n-- Server version\s+([^\s]+)/.exec(this.head)?.[1];
    return (
      stock ?? /^-- dbbackup [^\n]*: dump of (?:a database|accounts) of (?:MySQL|MariaDB) ([^\s]+)/.exec(this.head)?.[1]
    );
  }

  /** What wrote it: `MySQL dump 10.13  Distrib 9.7.4`; undefined when its first lines do not say. */
  get writer(): string | undefined {
    return /^(?:\/\*M?!999999\\-[^\n]*\n)?-- ((?:MySQL|MariaDB) dump [^,\n]*|dbbackup [^:\s]*)/.exec(this.head)?.[1];
  }

  /** The database that a dump says it holds; empty when it does not. */
  get database(): string {
    return /\n-- Host: [^\n]*?Database: ([^\n\r]*)/.exec(this.head)?.[1]?.trim() ?? "";
  }

  /** Whether it ends with the line that these programs write last. */
  get isCompleted(): boolean {
    const tail = this.#tail.toString("latin1");
    return (ownPattern.test(this.head) ? ownEnd : stockEnd).test(tail);
  }
}
