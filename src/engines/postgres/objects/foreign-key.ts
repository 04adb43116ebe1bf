import { qualified, quoteIdentifier } from "../sql/quote.ts";
import { Catalog, type Row } from "./catalog-reader.ts";
import type { DumpObject } from "./dump-object.ts";
import { partsWith } from "./dump-parts.ts";
import type { EntryContext } from "./entry-context.ts";
import type { IndexObject } from "./index-object.ts";
import { objectEntry } from "./object-entry.ts";
import type { ObjectRegistry } from "./object-registry.ts";
import type { ObjectType, PlannedEntry } from "./object-type.ts";
import { onTableComment } from "./on-table-comment.ts";
import { dumpedTables, oidArray, type Relation, relationAt } from "./relation/relation.ts";

interface ForeignKey extends DumpObject {
  readonly kind: "foreign-key";
  readonly relation: Relation;
  /** As pg_get_constraintdef prints it. */
  readonly definition: string;
  /** The index that makes the referenced columns unique, when it is one of a partitioned table. */
  readonly partitionedIndex: IndexObject | undefined;
}

export const foreignKeyType: ObjectType<ForeignKey> = {
  label: "foreign key",

  queriesAboutRelations: ({ capabilities, registry }) => ({
    rows:
      "SELECT c.oid, c.conrelid, c.conname, c.confrelid, c.conindid, " +
      "pg_catalog.pg_get_constraintdef(c.oid) AS definition " +
      `FROM pg_catalog.unnest(${oidArray(dumpedTables(registry))}) AS src(oid) ` +
      "JOIN pg_catalog.pg_constraint c ON c.conrelid = src.oid WHERE c.contype = 'f' " +
      // Those that partitions have from their partitioned table come back with it.
      `${capabilities.partitionedForeignKeys ? "AND c.conparentid = 0" : ""} ORDER BY c.conrelid, c.conname`,
  }),

  read(reader, { rows }): ForeignKey[] {
    if (!reader.wanted.definitions) orderRows(reader.registry, rows);
    return rows.map((row) => {
      const relation = relationAt(reader.registry, Number(row.conrelid))!;
      const referenced = relationAt(reader.registry, Number(row.confrelid));
      const indexes = referenced?.relkind === "p" ? referenced.indexes : [];
      return reader.registry.add<ForeignKey>({
        kind: "foreign-key",
        catalog: { table: Catalog.pg_constraint, oid: Number(row.oid) },
        name: row.conname!,
        schema: relation.schema,
        tieBreak: ["table", relation.name],
        parts: partsWith(relation),
        relation,
        definition: row.definition!,
        partitionedIndex: indexes.find((index) => index.catalog.oid === Number(row.conindid)),
      });
    });
  },

  link(keys: readonly ForeignKey[]): void {
    for (const key of keys) if (key.partitionedIndex) waitForAttaches(key, key.partitionedIndex);
  },

  entries(key: ForeignKey, context: EntryContext): PlannedEntry[] {
    const { relation } = key;
    // Those of a partitioned table hold for its partitions, others never for children.
    const table = `${relation.relkind === "p" ? "" : "ONLY "}${qualified(relation.schema, relation.name)}`;
    const name = quoteIdentifier(key.name);
    return [
      objectEntry(key, {
        desc: "FK CONSTRAINT",
        section: "post-data",
        tag: `${relation.name} ${key.name}`,
        definition: `ALTER TABLE ${table}\n    ADD CONSTRAINT ${name} ${key.definition};\n`,
        drop: `ALTER TABLE ${table} DROP CONSTRAINT ${name};\n`,
        owner: relation.owner,
      }),
      ...onTableComment("CONSTRAINT", key, relation, context, key.dumpId),
    ];
  },
};

/** Where the keys are there already, the rows that they refer to are loaded first: a circle is told when it is cut. */
function orderRows(registry: ObjectRegistry, rows: readonly Row[]): void {
  const dataOf = new Map(registry.ofKind("table-data").map((data) => [data.catalog.oid, data]));
  for (const row of rows) {
    const referring = dataOf.get(Number(row.conrelid));
    const referenced = dataOf.get(Number(row.confrelid));
    if (referring !== undefined && referenced !== undefined) referring.dependencies.add(referenced.dumpId);
  }
}

/** A partitioned table's index is valid, and can be referred to, when the indexes of all partitions are attached. */
function waitForAttaches(key: ForeignKey, index: IndexObject): void {
  for (const attach of index.attaches) {
    key.dependencies.add(attach.dumpId);
    waitForAttaches(key, attach.partition);
  }
}
