import type { Capabilities } from "../capabilities.ts";
import { qualified, quoteIdentifier } from "../sql/quote.ts";
import { Catalog } from "./catalog-reader.ts";
import type { DumpObject } from "./dump-object.ts";
import { partsWith } from "./dump-parts.ts";
import type { EntryContext } from "./entry-context.ts";
import { dependsOnExtensionStatements } from "./extension-dependency.ts";
import { objectEntry } from "./object-entry.ts";
import type { ObjectType, PlannedEntry } from "./object-type.ts";
import { onTableComment } from "./on-table-comment.ts";
import { dumpedTables, oidArray, type Relation, relationAt, tableWord } from "./relation/relation.ts";

interface Trigger extends DumpObject {
  readonly kind: "trigger";
  readonly relation: Relation;
  /** As pg_get_triggerdef prints it. */
  readonly definition: string;
  /** `pg_trigger.tgenabled`: O, D, R, A. */
  readonly enabled: string;
  /** The copy in a partition of a partitioned table's trigger; only those enabled otherwise than that are read. */
  readonly isCopy: boolean;
  readonly dependsOnExtensions: readonly string[];
}

const enabledClauses: Readonly<Record<string, string>> = {
  O: "ENABLE",
  A: "ENABLE ALWAYS",
  R: "ENABLE REPLICA",
  D: "DISABLE",
};

export const triggerType: ObjectType<Trigger> = {
  label: "trigger",

  queriesAboutRelations: ({ capabilities, registry }) => ({
    rows: triggerQuery(capabilities, oidArray(dumpedTables(registry, "rpfv"))),
  }),

  read(reader, { rows }): Trigger[] {
    return rows.map((row) => {
      const relation = relationAt(reader.registry, Number(row.tgrelid))!;
      return reader.registry.add<Trigger>({
        kind: "trigger",
        catalog: { table: Catalog.pg_trigger, oid: Number(row.oid) },
        name: row.tgname!,
        schema: relation.schema,
        tieBreak: [relation.name],
        parts: partsWith(relation),
        relation,
        definition: row.definition!,
        enabled: row.tgenabled!,
        isCopy: row.iscopy === "t",
        dependsOnExtensions: reader.shared.extensionsOf(Catalog.pg_trigger, Number(row.oid)),
      });
    });
  },

  link(triggers: readonly Trigger[]): void {
    const byTable = Map.groupBy(triggers, ({ relation }) => relation);
    for (const copy of triggers.filter(({ isCopy }) => isCopy)) {
      // It comes with that of the root, also when those between are as the root's is, and have no entry.
      const above = new Set<Relation>(copy.relation.parents);
      for (const relation of above) {
        const same = byTable.get(relation)?.find(({ name }) => name === copy.name);
        if (same !== undefined) copy.dependencies.add(same.dumpId);
        else for (const parent of relation.parents) above.add(parent);
      }
    }
  },

  entries(trigger: Trigger, context: EntryContext): PlannedEntry[] {
    const { relation } = trigger;
    const table = qualified(relation.schema, relation.name);
    const name = quoteIdentifier(trigger.name);
    const enable = `\nALTER ${tableWord(relation)} ${table} ${enabledClauses[trigger.enabled]} TRIGGER ${name};\n`;
    const create =
      `${trigger.definition};\n` +
      dependsOnExtensionStatements(`TRIGGER ${name} ON ${table}`, trigger.dependsOnExtensions) +
      (trigger.enabled === "O" ? "" : enable);
    return [
      objectEntry(trigger, {
        desc: "TRIGGER",
        section: "post-data",
        tag: `${relation.name} ${trigger.name}`,
        // A copy is there already: it came with its partition.
        definition: trigger.isCopy ? enable : create,
        ...(trigger.isCopy ? {} : { drop: `DROP TRIGGER ${name} ON ${table};\n` }),
        owner: relation.owner,
      }),
      ...onTableComment("TRIGGER", trigger, relation, context, trigger.dumpId),
    ];
  },
};

function triggerQuery(capabilities: Capabilities, tables: string): string {
  const { isCopy, join, where } = copies(capabilities);
  // Never the pretty form of pg_get_triggerdef: it leaves out parentheses that newer servers may need.
  return `
    SELECT t.oid, t.tgrelid, t.tgname, t.tgenabled, ${isCopy} AS iscopy,
      pg_catalog.pg_get_triggerdef(t.oid, false) AS definition
    FROM pg_catalog.unnest(${tables}) AS src(oid) JOIN pg_catalog.pg_trigger t ON t.tgrelid = src.oid ${join}
    WHERE ${where}
    ORDER BY t.tgrelid, t.tgname`;
}

/** How a server tells the copies that partitions have of a partitioned table's triggers. */
function copies(capabilities: Capabilities): {
  readonly isCopy: string;
  readonly join: string;
  readonly where: string;
} {
  if (capabilities.triggerParents) {
    return {
      isCopy: "t.tgparentid <> 0",
      join: "LEFT JOIN pg_catalog.pg_trigger u ON u.oid = t.tgparentid",
      where: "NOT t.tgisinternal AND t.tgparentid = 0 OR t.tgenabled <> u.tgenabled",
    };
  }
  if (capabilities.partitionedTriggers) {
    return {
      isCopy: "t.tgisinternal",
      join: `LEFT JOIN pg_catalog.pg_depend d ON d.objid = t.oid AND d.classid = ${Catalog.pg_trigger}
        AND d.refclassid = ${Catalog.pg_trigger} LEFT JOIN pg_catalog.pg_trigger u ON u.oid = d.refobjid`,
      where: "NOT t.tgisinternal OR t.tgenabled <> u.tgenabled",
    };
  }
  return { isCopy: "false", join: "", where: "NOT t.tgisinternal" };
}
