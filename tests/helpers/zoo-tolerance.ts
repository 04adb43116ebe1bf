import type { Tolerance } from "./database-contents.ts";

/** What of the zoo looks different after any dump and restore, stock tools' included. */
export const zooTolerance: Tolerance = {
  reorderedColumns: ["zoo.adopted"],
  rowsOfOnePartitionedTable: ["zoo.by_hash_enum"],
};
