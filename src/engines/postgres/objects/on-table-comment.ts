import type { CatalogId } from "../archive/toc-entry.ts";
import { qualified, quoteIdentifier } from "../sql/quote.ts";
import { commentEntries } from "./comment-entry.ts";
import type { EntryContext } from "./entry-context.ts";
import type { PlannedEntry } from "./object-type.ts";
import type { Relation } from "./relation/relation.ts";

/**
 * The comment on something that is named on its table.
 * @param dependsOn dump id of the entry that creates it: its own, or the table's.
 */
export function onTableComment(
  keyword: "CONSTRAINT" | "TRIGGER" | "RULE" | "POLICY",
  object: { readonly catalog: CatalogId; readonly name: string },
  relation: Relation,
  context: EntryContext,
  dependsOn: number,
): PlannedEntry[] {
  if (!context.isDescribed(object.catalog)) return [];
  const prefix = `${keyword} ${quoteIdentifier(object.name)} ON`;
  return commentEntries({ catalog: object.catalog, schema: relation.schema, dumpId: dependsOn }, context, {
    subject: `${prefix} ${qualified(relation.schema, relation.name)}`,
    tag: `${prefix} ${quoteIdentifier(relation.name)}`,
    owner: relation.owner,
  });
}
