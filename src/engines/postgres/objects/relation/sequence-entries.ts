import { qualified, quoteIdentifier } from "../../sql/quote.ts";
import type { EntryContext } from "../entry-context.ts";
import { objectEntry } from "../object-entry.ts";
import type { PlannedEntry } from "../object-type.ts";
import { columnAt, type Relation, relationAt } from "./relation.ts";
import { relationComments } from "./relation-comments.ts";
import { createSequence } from "./sequence-statement.ts";

/** A sequence, and its tie to the column that it belongs to. */
export function sequenceEntries(sequence: Relation, context: EntryContext): PlannedEntry[] {
  const { ownedBy, owner } = sequence;
  const table = ownedBy === null ? undefined : relationAt(context.registry, ownedBy.table);
  const name = qualified(sequence.schema, sequence.name);
  const entries = [
    objectEntry(sequence, {
      desc: "SEQUENCE",
      section: "pre-data",
      definition: createSequence(sequence, table),
      // The sequence of an identity column goes with the column.
      ...(ownedBy?.identity === true ? {} : { drop: `DROP SEQUENCE ${name};\n` }),
      owner,
    }),
  ];
  if (ownedBy !== null && !ownedBy.identity && table?.parts.definition === true) {
    const column = `${qualified(table.schema, table.name)}.${quoteIdentifier(columnAt(table, ownedBy.column).name)}`;
    // An entry of its own: sequence and table must have the same owner before it runs.
    const tie = objectEntry(
      {
        dumpId: context.registry.nextDumpId(),
        catalog: { table: 0, oid: 0 },
        name: sequence.name,
        schema: sequence.schema,
      },
      {
        desc: "SEQUENCE OWNED BY",
        section: "pre-data",
        definition: `ALTER SEQUENCE ${name} OWNED BY ${column};\n`,
        owner,
      },
    );
    tie.dependencies = [sequence.dumpId];
    entries.push(tie);
  }
  entries.push(...relationComments(sequence, "SEQUENCE", context));
  return entries;
}
