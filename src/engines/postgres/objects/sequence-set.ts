import { qualified, quoteConformingLiteral } from "../sql/quote.ts";
import type { CatalogReader, Row } from "./catalog-reader.ts";
import { readConfigurationTables } from "./configuration-tables.ts";
import type { DumpObject } from "./dump-object.ts";
import { objectEntry } from "./object-entry.ts";
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

  async read(reader: CatalogReader): Promise<SequenceSet[]> {
    const configuration = await readConfigurationTables(reader);
    const sequences = allRelations(reader.registry)
      .filter((relation) => relation.relkind === "S" && isReadable(relation, reader.shared.inRecovery))
      .filter(({ parts, catalog }) => parts.definition || configuration.has(catalog.oid));
    const byOid = new Map(sequences.map((sequence) => [sequence.catalog.oid, sequence]));
    const rows = reader.capabilities.sequenceDataFunction
      ? await readByFunction(reader, sequences)
      : await readRelationsThemselves(reader, sequences);
    return rows.map((row) => {
      const sequence = byOid.get(Number(row.oid))!;
      return reader.registry.add<SequenceSet>({
        kind: "sequence-set",
        catalog: { table: 0, oid: sequence.catalog.oid },
        name: sequence.name,
        schema: sequence.schema,
        parts: { definition: true, privileges: false },
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
        { ...value, catalog: { table: 0, oid: 0 } },
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

async function readByFunction(reader: CatalogReader, sequences: readonly Relation[]): Promise<Row[]> {
  const readable = await reader.rows(
    "SELECT s.seqrelid AS oid, d.last_value, d.is_called " +
      "FROM pg_catalog.pg_sequence s, pg_catalog.pg_get_sequence_data(s.seqrelid) d " +
      `WHERE s.seqrelid = ANY(${oidArray(sequences)}) AND d.last_value IS NOT NULL ORDER BY s.seqrelid`,
  );
  // Null is what the function says of a sequence that we may not read. Reading it the old way names it in the error.
  const known = new Set(readable.map((row) => Number(row.oid)));
  const refused = sequences.filter((sequence) => !known.has(sequence.catalog.oid));
  return [...readable, ...(await readRelationsThemselves(reader, refused))];
}

/** A sequence is a relation of one row; there is no view that tells its last value and whether it was given out. */
async function readRelationsThemselves(reader: CatalogReader, sequences: readonly Relation[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (let start = 0; start < sequences.length; start += sequencesPerQuery) {
    const selects = sequences
      .slice(start, start + sequencesPerQuery)
      .map(
        ({ catalog, schema, name }) =>
          `SELECT ${catalog.oid} AS oid, last_value, is_called FROM ${qualified(schema, name)}`,
      );
    rows.push(...(await reader.rows(selects.join(" UNION ALL "))));
  }
  return rows;
}
