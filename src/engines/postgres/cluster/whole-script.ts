import type { ClusterContents, WholeScript } from "../../../ports/cluster.ts";
import { connectCommand, oneLine } from "../archive/script-text.ts";

const end = "--\n-- PostgreSQL database cluster dump complete\n--\n\n";

/** Databases that every server has: a script goes to them, and does not make them. */
const always: ReadonlySet<string> = new Set(["postgres", "template1"]);

/** What stands around the scripts of the databases in one script of a whole server, as pg_dumpall writes it. */
export function wholeScript({ script }: ClusterContents["globals"]): WholeScript {
  const text = Buffer.from(script);
  const start = text.subarray(0, text.length - end.length);
  return {
    start: Buffer.concat([start, Buffer.from("\n--\n-- Databases\n--\n\n")]),
    before(database) {
      const heading = `--\n-- Database "${oneLine(database)}" dump\n--\n\n`;
      const isMade = !always.has(database);
      return { text: Buffer.from(isMade ? heading : `${heading}${connectCommand(database)}\n`), create: isMade };
    },
    end: Buffer.from(end),
  };
}
