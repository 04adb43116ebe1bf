import { commentEntries } from "./comment-entry.ts";
import type { DumpObject } from "./dump-object.ts";
import type { EntryContext } from "./entry-context.ts";
import type { PlannedEntry } from "./object-type.ts";
import { securityLabelEntries } from "./security-label-entry.ts";

/**
 * Comment and security labels of an object without columns.
 * @param what.subject what stands between `ON` and `IS`: `FUNCTION app.f(integer)`. Quoted.
 * @param what.tag the tag of both entries: `FUNCTION f(integer)`.
 */
export function descriptionEntries(
  object: Pick<DumpObject, "catalog" | "schema" | "dumpId">,
  context: EntryContext,
  what: { readonly subject: string; readonly tag: string; readonly owner: string | null },
): PlannedEntry[] {
  if (!context.isDescribed(object.catalog)) return [];
  return [
    ...commentEntries(object, context, what),
    ...securityLabelEntries(object, context, {
      subjectOf: (subId) => (subId === 0 ? what.subject : undefined),
      tag: what.tag,
      owner: what.owner,
    }),
  ];
}
