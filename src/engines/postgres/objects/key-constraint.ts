import { qualified, quoteIdentifier } from "../sql/quote.ts";
import { formatReloptions } from "../sql/reloptions.ts";
import { Catalog } from "./catalog-reader.ts";
import { DumpIds } from "./dump-ids.ts";
import type { DumpObject } from "./dump-object.ts";
import type { EntryContext } from "./entry-context.ts";
import { dependsOnExtensionStatements } from "./extension-dependency.ts";
import { clusterStatement, type IndexObject, replicaIdentityStatement } from "./index-object.ts";
import { objectEntry } from "./object-entry.ts";
import { unregistered } from "./object-registry.ts";
import type { ObjectType, PlannedEntry } from "./object-type.ts";
import { onTableComment } from "./on-table-comment.ts";
import { columnAt, indexedTables, oidArray, type Relation } from "./relation/relation.ts";

/** A constraint with an index behind it: PRIMARY KEY, UNIQUE, EXCLUDE. */
export interface KeyConstraint extends DumpObject {
  readonly kind: "constraint";
  readonly relation: Relation;
  readonly index: IndexObject;
  readonly type: "p" | "u" | "x";
  /** As pg_get_constraintdef prints it; of EXCLUDE constraints only. */
  readonly definition: string | null;
  readonly isDeferrable: boolean;
  readonly isDeferred: boolean;
  readonly withoutOverlaps: boolean;
}

export const keyConstraintType: ObjectType<KeyConstraint> = {
  label: "key constraint",

  queriesAboutRelations: ({ capabilities, registry }) => ({
    rows:
      "SELECT c.oid, c.conname, c.contype, c.conindid, c.condeferrable, c.condeferred, " +
      `${capabilities.temporalKeys ? "c.conperiod" : "false"} AS conperiod, ` +
      // The others are made of their index.
      "CASE WHEN c.contype = 'x' THEN pg_catalog.pg_get_constraintdef(c.oid) END AS definition " +
      `FROM pg_catalog.unnest(${oidArray(indexedTables(registry))}) AS src(oid) ` +
      "JOIN pg_catalog.pg_constraint c ON c.conrelid = src.oid " +
      "WHERE c.contype IN ('p', 'u', 'x') ORDER BY c.conrelid, c.conname",
  }),

  read(reader, { rows }): KeyConstraint[] {
    const tables = indexedTables(reader.registry);
    const indexes = new Map(tables.flatMap((table) => table.indexes).map((index) => [index.catalog.oid, index]));
    return rows.flatMap((row) => {
      const index = indexes.get(Number(row.conindid));
      // Without its index (one that is being built or broken) the constraint does not hold.
      if (index === undefined) return [];
      const { relation } = index;
      const constraint = reader.registry.add<KeyConstraint>({
        dumpId: unregistered,
        dependencies: new DumpIds(),
        kind: "constraint",
        catalog: { table: Catalog.pg_constraint, oid: Number(row.oid) },
        name: row.conname!,
        schema: relation.schema,
        tieBreak: ["table", relation.name],
        parts: index.parts,
        isPartitionIndex: index.parent !== 0,
        relation,
        index,
        type: row.contype as KeyConstraint["type"],
        definition: row.definition ?? null,
        isDeferrable: row.condeferrable === "t",
        isDeferred: row.condeferred === "t",
        withoutOverlaps: row.conperiod === "t",
      });
      index.constraint = constraint;
      return [constraint];
    });
  },

  entries(constraint: KeyConstraint, context: EntryContext): PlannedEntry[] {
    const { relation, index } = constraint;
    const table = qualified(relation.schema, relation.name);
    const name = quoteIdentifier(constraint.name);
    const definition = [
      `ALTER TABLE ONLY ${table}\n    ADD CONSTRAINT ${name} ${clause(constraint)};\n`,
      clusterStatement(index),
      replicaIdentityStatement(index),
      dependsOnExtensionStatements(`INDEX ${qualified(index.schema, index.name)}`, index.dependsOnExtensions),
    ];
    return [
      objectEntry(constraint, {
        desc: "CONSTRAINT",
        section: "post-data",
        tag: `${relation.name} ${constraint.name}`,
        definition: definition.join(""),
        drop: `ALTER TABLE ONLY ${table} DROP CONSTRAINT ${name};\n`,
        tablespace: index.tablespace,
        owner: relation.owner,
      }),
      ...onTableComment("CONSTRAINT", constraint, relation, context, constraint.dumpId),
    ];
  },
};

/** What the server prints for keys would name a tablespace; entries say that separately. */
function clause(constraint: KeyConstraint): string {
  if (constraint.definition !== null) return constraint.definition;
  const { relation, index } = constraint;
  const name = (number: number): string => quoteIdentifier(columnAt(relation, number).name);
  const keys = index.columns.slice(0, index.keyColumns).map(name).join(", ");
  const included = index.columns.slice(index.keyColumns).map(name).join(", ");
  return [
    constraint.type === "p" ? "PRIMARY KEY" : "UNIQUE",
    // Old servers let a primary key have it; it says nothing there and cannot be created again.
    index.nullsNotDistinct && constraint.type === "u" ? " NULLS NOT DISTINCT" : "",
    ` (${keys}${constraint.withoutOverlaps ? " WITHOUT OVERLAPS" : ""}`,
    included === "" ? ")" : `) INCLUDE (${included})`,
    index.options.length === 0 ? "" : ` WITH (${formatReloptions(index.options)})`,
    constraint.isDeferrable ? " DEFERRABLE" : "",
    constraint.isDeferrable && constraint.isDeferred ? " INITIALLY DEFERRED" : "",
  ].join("");
}
