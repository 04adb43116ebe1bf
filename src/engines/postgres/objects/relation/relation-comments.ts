import type { CatalogId } from "../../archive/toc-entry.ts";
import { qualified, quoteIdentifier } from "../../sql/quote.ts";
import { commentEntries } from "../comment-entry.ts";
import type { EntryContext } from "../entry-context.ts";
import type { PlannedEntry } from "../object-type.ts";
import { onTableComment } from "../on-table-comment.ts";
import { securityLabelEntries } from "../security-label-entry.ts";
import type { Relation } from "./relation.ts";

/** Comments on a relation and its columns, and its security labels. @param keyword `TABLE`, `VIEW`, ... */
export function relationComments(relation: Relation, keyword: string, context: EntryContext): PlannedEntry[] {
  if (!context.isDescribed(relation.catalog)) return [];
  const quoted = quoteIdentifier(relation.name);
  const subject = qualified(relation.schema, relation.name);
  const { owner } = relation;
  const own = commentEntries(relation, context, {
    subject: `${keyword} ${subject}`,
    tag: `${keyword} ${quoted}`,
    owner,
  });
  const commented = context.commentedColumns(relation.catalog);
  const columns = commented.length === 0 ? [] : relation.columns.filter(({ number }) => commented.includes(number));
  const ofColumns = columns.flatMap((column) => {
    const name = quoteIdentifier(column.name);
    return commentEntries(relation, context, {
      subject: `COLUMN ${subject}.${name}`,
      tag: `COLUMN ${quoted}.${name}`,
      owner,
      subId: column.number,
    });
  });
  const labels = securityLabelEntries(relation, context, {
    subjectOf: (subId) => labelSubject(relation, keyword, subId),
    tag: `${keyword} ${quoted}`,
    owner,
  });
  return [...own, ...ofColumns, ...labels];
}

function labelSubject(relation: Relation, keyword: string, subId: number): string | undefined {
  const name = qualified(relation.schema, relation.name);
  if (subId === 0) return `${keyword} ${name}`;
  const column = relation.columns.find(({ number }) => number === subId);
  return column === undefined ? undefined : `COLUMN ${name}.${quoteIdentifier(column.name)}`;
}

/** Comments on the constraints that the table's own statement creates. */
export function inlineConstraintComments(table: Relation, context: EntryContext): PlannedEntry[] {
  const entries: PlannedEntry[] = [];
  const add = (constraint: { readonly catalog: CatalogId; readonly name: string }): void => {
    entries.push(...onTableComment("CONSTRAINT", constraint, table, context, table.dumpId));
  };
  for (const { notNull } of table.columns) {
    if (notNull?.catalog && notNull.name !== null) add({ catalog: notNull.catalog, name: notNull.name });
  }
  for (const check of table.checks) if (!check.separate && check.isLocal) add(check);
  return entries;
}
