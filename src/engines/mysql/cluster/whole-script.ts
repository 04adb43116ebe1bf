import type { ClusterContents, WholeScript } from "../../../ports/cluster.ts";
import { nameInComment } from "../quote.ts";

/** What stands around the scripts of the databases in one script of a whole server: rights on objects come behind these. */
export function wholeScript({ script, behindObjects = new Uint8Array() }: ClusterContents["globals"]): WholeScript {
  return {
    start: script.subarray(0, script.length - behindObjects.length),
    before: (database) => ({ text: Buffer.from(`\n-- database ${nameInComment(database)}\n`), create: true }),
    end: behindObjects,
  };
}
