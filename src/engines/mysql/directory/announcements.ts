import * as v from "valibot";
import { BackupError } from "../../../core/backup-error.ts";
import type { DirectoryChunk, DirectoryColumn, DirectoryIndex, DirectoryObject } from "./directory-index.ts";
import { chunkSchema, columnSchema, DIRECTORY_FORMAT, indexHeadSchema, objectSchema } from "./directory-schema.ts";

const number = v.pipe(v.number(), v.integer(), v.minValue(0));

/**
 * What a dump tells of a directory that it writes, to whoever restores it meanwhile: first the head of the index and the names of all tables, then each
 * definition of what is made before rows, each file of rows, and each table that has all of its rows; at last that the index
 * is written. Numbers are those of objects in the index.
 */
const announcementSchema = v.variant("kind", [
  v.object({ kind: v.literal("head"), head: indexHeadSchema, tables: v.array(v.string()) }),
  v.object({ kind: v.literal("object"), number, object: objectSchema }),
  v.object({
    kind: v.literal("chunk"),
    number,
    table: v.string(),
    columns: v.array(columnSchema),
    chunk: chunkSchema,
  }),
  v.object({ kind: v.literal("rows"), number }),
  v.object({ kind: v.literal("index") }),
]);

export type Announcement =
  | { readonly kind: "head"; readonly head: DirectoryHead; readonly tables: readonly string[] }
  | { readonly kind: "object"; readonly number: number; readonly object: DirectoryObject }
  | {
      readonly kind: "chunk";
      readonly number: number;
      readonly table: string;
      readonly columns: readonly DirectoryColumn[];
      readonly chunk: DirectoryChunk;
    }
  | { readonly kind: "rows"; readonly number: number }
  | { readonly kind: "index" };

/** An index without its objects. */
export type DirectoryHead = v.InferOutput<typeof indexHeadSchema>;

/** An index with this head. */
export function indexWith(head: DirectoryHead, objects: DirectoryObject[]): DirectoryIndex {
  return { format: DIRECTORY_FORMAT, format_version: 1, ...head, objects };
}

/** The line that says it. */
export function announcementLine(announcement: Announcement): string {
  return JSON.stringify(announcement);
}

/** @throws BackupError UNSUPPORTED_FORMAT when the line is not one that this version writes */
export function readAnnouncement(line: string): Announcement {
  const result = v.safeParse(announcementSchema, parsed(line), { abortEarly: true });
  if (result.success) return result.output;
  throw new BackupError({
    code: "UNSUPPORTED_FORMAT",
    message: `what the running backup tells of itself is not understood: ${result.issues[0].message}`,
    hint: "follow it with the version of dbbackup that makes it, or wait until it is finished",
  });
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
