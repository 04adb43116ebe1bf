import { bareEntry } from "../archive/bare-entry.ts";
import { quoteConformingLiteral } from "../sql/quote.ts";
import type { DumpObject } from "./dump-object.ts";
import type { EntryContext } from "./entry-context.ts";
import type { PlannedEntry } from "./object-type.ts";

/**
 * The COMMENT entry of an object, if it has a comment.
 * @param subject what stands between `COMMENT ON` and `IS`: `TABLE app.orders`, `COLUMN app.orders.id`. Quoted.
 * @param tag the entry's tag: `TABLE orders`, `COLUMN orders.id` (pg_dump quotes identifiers in it, without schema).
 */
export function commentEntries(
  object: Pick<DumpObject, "catalog" | "schema" | "dumpId">,
  context: EntryContext,
  what: { readonly subject: string; readonly tag: string; readonly owner: string | null; readonly subId?: number },
): PlannedEntry[] {
  const text = context.commentOn(object.catalog, what.subId ?? 0);
  return text === undefined ? [] : [commentEntry(object, context, { ...what, text })];
}

/** A COMMENT entry with a given text; an empty one removes the comment. */
export function commentEntry(
  object: Pick<DumpObject, "catalog" | "schema" | "dumpId">,
  context: EntryContext,
  what: { readonly subject: string; readonly tag: string; readonly owner: string | null; readonly text: string },
): PlannedEntry {
  return bareEntry({
    dumpId: context.registry.nextDumpId(),
    tag: what.tag,
    desc: "COMMENT",
    definition: `COMMENT ON ${what.subject} IS ${quoteConformingLiteral(what.text)};\n`,
    namespace: object.schema,
    owner: what.owner,
    dependencies: [object.dumpId],
  });
}
