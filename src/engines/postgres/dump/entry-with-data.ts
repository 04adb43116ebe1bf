import type { PlannedEntry } from "../objects/object-type.ts";

/** Where the data of an entry comes from, if it has some. */
export type EntryWithData = Pick<PlannedEntry, "dumpId" | "data">;
