import { qualified, quoteIdentifier } from "../sql/quote.ts";
import { Catalog } from "./catalog-reader.ts";
import type { DumpObject } from "./dump-object.ts";
import { partsWith } from "./dump-parts.ts";
import type { EntryContext } from "./entry-context.ts";
import { objectEntry } from "./object-entry.ts";
import type { ObjectRegistry } from "./object-registry.ts";
import type { ObjectType, PlannedEntry } from "./object-type.ts";
import { onTableComment } from "./on-table-comment.ts";
import { printInside } from "./print-inside.ts";
import { oidArray, type Relation, relationAt, relationsWithColumns, tableWord } from "./relation/relation.ts";

/** A CHECK constraint of a table, or one of its NOT NULL constraints that is not validated. */
export interface CheckConstraint extends DumpObject {
  readonly kind: "constraint";
  readonly inlineOwner: number;
  readonly relation: Relation;
  readonly isCheck: boolean;
  /** As pg_get_constraintdef prints it. */
  readonly condition: string;
  readonly isLocal: boolean;
}

export const checkConstraintType: ObjectType<CheckConstraint> = {
  label: "check constraint",

  queriesAboutRelations: (reader) => ({
    rows:
      "SELECT c.oid, c.conrelid, c.conname, c.contype, c.conislocal, c.convalidated, " +
      "pg_catalog.pg_get_constraintdef(c.oid) AS condition " +
      `FROM pg_catalog.unnest(${oidArray(relationsWithColumns(reader))}) AS src(oid) ` +
      "JOIN pg_catalog.pg_constraint c ON c.conrelid = src.oid WHERE c.contype = 'c' " +
      `${reader.capabilities.namedNotNullConstraints ? "OR c.contype = 'n' AND NOT c.convalidated" : ""} ` +
      "ORDER BY c.conrelid, c.conname",
  }),

  read(reader, { rows }): CheckConstraint[] {
    return rows.map((row) => {
      const relation = relationAt(reader.registry, Number(row.conrelid))!;
      const check = reader.registry.add<CheckConstraint>({
        kind: "constraint",
        catalog: { table: Catalog.pg_constraint, oid: Number(row.oid) },
        name: row.conname!,
        schema: relation.schema,
        tieBreak: ["table", relation.name],
        parts: partsWith(relation),
        inlineOwner: relation.dumpId,
        // Rows that break it may be there: they must be loaded before it comes.
        separate: row.convalidated !== "t",
        relation,
        isCheck: row.contype === "c",
        condition: row.condition!,
        isLocal: row.conislocal === "t",
      });
      if (check.isCheck) relation.checks = relation.checks.concat(check);
      return check;
    });
  },

  link(checks: readonly CheckConstraint[], registry: ObjectRegistry): void {
    for (const check of checks) {
      if (!check.separate) printInside(registry.get(check.inlineOwner)!, check);
      else if (!check.isLocal) comeAfterInherited(check);
    }
  },

  entries(check: CheckConstraint, context: EntryContext): PlannedEntry[] {
    const { relation } = check;
    const comment = onTableComment("CONSTRAINT", check, relation, context, check.dumpId);
    // An inherited one comes with the parent's.
    if (!check.isLocal) return comment;
    const table = qualified(relation.schema, relation.name);
    const name = quoteIdentifier(check.name);
    return [
      objectEntry(check, {
        desc: check.isCheck ? "CHECK CONSTRAINT" : "CONSTRAINT",
        section: "post-data",
        tag: `${relation.name} ${check.name}`,
        owner: relation.owner,
        definition: `ALTER ${tableWord(relation)} ${table}\n    ADD CONSTRAINT ${name} ${check.condition};\n`,
        drop: `ALTER ${tableWord(relation)} ${table} DROP CONSTRAINT ${name};\n`,
      }),
      ...comment,
    ];
  },
};

/** An inherited one is made with those above, wherever their names would place them: its comment must find it there. */
function comeAfterInherited(check: CheckConstraint): void {
  const above = check.relation.parents.flatMap(({ checks }) => checks.filter(({ name }) => name === check.name));
  for (const { dumpId } of above) check.dependencies.add(dumpId);
}
