import { BackupError } from "../../../core/backup-error.ts";
import { qualified, quoteConformingLiteral } from "../sql/quote.ts";
import type { CatalogReader } from "./catalog-reader.ts";
import { dumpedConfiguration } from "./configuration-tables.ts";
import { DumpIds } from "./dump-ids.ts";
import { type DumpObject, definitionOnly } from "./dump-object.ts";
import { objectEntry } from "./object-entry.ts";
import { unregistered } from "./object-registry.ts";
import type { ObjectType, PlannedEntry } from "./object-type.ts";
import { allRelations, isReadable, oidArray, type Relation } from "./relation/relation.ts";

/** Where a sequence stands. */
interface SequenceSet extends DumpObject {
  readonly kind: "sequence-set";
  readonly sequence: Relation;
  readonly lastValue: string;
  readonly isCalled: boolean;
}

/**
 * Sequences whose rows one query reads. 2,000 sequences took 1 s at 100 a query, 3 s one by one, and 21 s all at once:
 * planning grows with the square.
 */
const sequencesPerQuery = 100;

export const sequenceSetType: ObjectType<SequenceSet> = {
  label: "sequence value",

  queriesAboutRelations(reader) {
    const sequences = dumpedSequences(reader);
    if (!reader.capabilities.sequenceDataFunction) return { rows: queriesOfSequences(sequences) };
    // Of a sequence that we may not read the function says nothing. Reading it the old way names it in the error.
    const refused = sequences.filter((sequence) => !sequence.isSelectable);
    return { rows: [functionQuery(sequences), ...queriesOfSequences(refused)] };
  },

  read(reader, { rows }): SequenceSet[] {
    const known = new Map(rows.map((row) => [Number(row.oid), row]));
    return dumpedSequences(reader).map((sequence) => {
      const row = known.get(sequence.catalog.oid);
      if (row === undefined) throw vanished(sequence);
      return reader.registry.add<SequenceSet>({
        dumpId: unregistered,
        dependencies: new DumpIds(),
        kind: "sequence-set",
        catalog: { table: 0, oid: sequence.catalog.oid },
        name: sequence.name,
        schema: sequence.schema,
        parts: definitionOnly,
        sequence,
        lastValue: row.last_value!,
        isCalled: row.is_called === "t",
      });
    });
  },

  link(values: readonly SequenceSet[]): void {
    for (const value of values) value.dependencies.add(value.sequence.dumpId);
  },

  entries(value: SequenceSet): PlannedEntry[] {
    const name = quoteConformingLiteral(qualified(value.schema, value.name));
    return [
      objectEntry(
        // Not the sequence's identity: the value has no row of its own.
        { dumpId: value.dumpId, catalog: { table: 0, oid: 0 }, name: value.name, schema: value.schema },
        {
          desc: "SEQUENCE SET",
          section: "data",
          definition: `SELECT pg_catalog.setval(${name}, ${value.lastValue}, ${value.isCalled});\n`,
          owner: value.sequence.owner,
        },
      ),
    ];
  },
};

/** Sequences are not locked. */
function vanished({ schema, name }: Relation): BackupError {
  return new BackupError({
    code: "SERVER",
    message: `the value of sequence "${schema}.${name}" cannot be read`,
    hint: "somebody may have dropped it meanwhile: run the backup again when no migration is running",
    retry: "maybe",
  });
}

function dumpedSequences(reader: CatalogReader): Relation[] {
  const { registry, shared, selection, wanted } = reader;
  if (!wanted.sequenceData) return [];
  const configuration = dumpedConfiguration(reader);
  return allRelations(registry)
    .filter((relation) => relation.relkind === "S" && isReadable(relation, shared.inRecovery))
    .filter(({ persistence }) => wanted.unloggedData || persistence !== "u")
    .filter(({ parts, catalog: { oid } }) => (parts.definition && selection.data(oid)) || configuration.has(oid));
}

function functionQuery(sequences: readonly Relation[]): string {
  return (
    "SELECT s.seqrelid AS oid, d.last_value, d.is_called " +
    "FROM pg_catalog.pg_sequence s, pg_catalog.pg_get_sequence_data(s.seqrelid) d " +
    `WHERE s.seqrelid = ANY(${oidArray(sequences)}) AND d.last_value IS NOT NULL ORDER BY s.seqrelid`
  );
}

/** A sequence is a relation of one row; there is no view that tells its last value and whether it was given out. */
function queriesOfSequences(sequences: readonly Relation[]): string[] {
  const queries: string[] = [];
  for (let start = 0; start < sequences.length; start += sequencesPerQuery) {
    const selects = sequences
      .slice(start, start + sequencesPerQuery)
      .map(
        ({ catalog, schema, name }) =>
          `SELECT ${catalog.oid} AS oid, last_value, is_called FROM ${qualified(schema, name)}`,
      );
    queries.push(selects.join(" UNION ALL "));
  }
  return queries;
}
