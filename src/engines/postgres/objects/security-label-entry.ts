import { bareEntry } from "../archive/bare-entry.ts";
import { quoteConformingLiteral, quoteIdentifier } from "../sql/quote.ts";
import type { DumpObject } from "./dump-object.ts";
import type { EntryContext } from "./entry-context.ts";
import type { PlannedEntry } from "./object-type.ts";

/** A row of pg_seclabel. */
export interface SecurityLabel {
  /** Number of the column that it is about; 0 for the object itself. */
  readonly subId: number;
  readonly provider: string;
  readonly label: string;
}

export function securityLabelStatement(subject: string, { provider, label }: Omit<SecurityLabel, "subId">): string {
  return `SECURITY LABEL FOR ${quoteIdentifier(provider)} ON ${subject} IS ${quoteConformingLiteral(label)};\n`;
}

/**
 * The SECURITY LABEL entry of an object, if it has labels: one for the object and its columns.
 * @param subjectOf what stands between `ON` and `IS` for a column number (0: the object); undefined leaves the label out.
 * @param tag the entry's tag: `TABLE orders`.
 */
export function securityLabelEntries(
  object: Pick<DumpObject, "dumpId" | "catalog" | "schema">,
  context: EntryContext,
  what: {
    readonly subjectOf: (subId: number) => string | undefined;
    readonly tag: string;
    readonly owner: string | null;
  },
): PlannedEntry[] {
  const statements = context.securityLabelsOn(object.catalog).flatMap((label) => {
    const subject = what.subjectOf(label.subId);
    return subject === undefined ? [] : securityLabelStatement(subject, label);
  });
  if (statements.length === 0) return [];
  return [
    bareEntry({
      dumpId: context.registry.nextDumpId(),
      tag: what.tag,
      desc: "SECURITY LABEL",
      definition: statements.join(""),
      namespace: object.schema,
      owner: what.owner,
      dependencies: [object.dumpId],
    }),
  ];
}
