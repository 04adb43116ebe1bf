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
import { oidArray, type Relation, relationAt, usersRelations } from "./relation/relation.ts";
import { replaceView, replaceViewByDummy } from "./relation/view-statement.ts";

/** A rewrite rule; the ON SELECT rule of a view is what makes it a view. */
export interface RewriteRule extends DumpObject {
  readonly kind: "rule";
  readonly relation: Relation;
  readonly isViewDefinition: boolean;
  /** As pg_get_ruledef prints it; null for the definition of a view. */
  readonly definition: string | null;
  /** `pg_rewrite.ev_enabled`: O, D, R, A. */
  readonly enabled: string;
}

const enabledClauses: Readonly<Record<string, string>> = {
  A: "ENABLE ALWAYS RULE",
  R: "ENABLE REPLICA RULE",
  D: "DISABLE RULE",
};

/** SQL condition of the rule that makes a view a view. */
const isView = "t.relkind IN ('v', 'm') AND r.ev_type = '1' AND r.is_instead";

export const ruleType: ObjectType<RewriteRule> = {
  label: "rule",

  queriesAboutRelations: (reader) => ({
    rows:
      `SELECT r.oid, r.rulename, r.ev_class, r.ev_enabled, ${isView} AS isview, ` +
      `CASE WHEN NOT (${isView}) THEN pg_catalog.pg_get_ruledef(r.oid) END AS definition ` +
      `FROM pg_catalog.unnest(${oidArray(usersRelations(reader, "rpvm"))}) AS src(oid) ` +
      "JOIN pg_catalog.pg_rewrite r ON r.ev_class = src.oid " +
      "JOIN pg_catalog.pg_class t ON t.oid = r.ev_class ORDER BY r.oid",
  }),

  read(reader, { rows }): RewriteRule[] {
    return rows.map((row) => {
      const relation = relationAt(reader.registry, Number(row.ev_class))!;
      const isViewDefinition = row.isview === "t";
      const rule = reader.registry.add<RewriteRule>({
        kind: "rule",
        catalog: { table: Catalog.pg_rewrite, oid: Number(row.oid) },
        name: row.rulename!,
        schema: relation.schema,
        tieBreak: [relation.name],
        parts: partsWith(relation),
        ...(isViewDefinition ? { inlineOwner: relation.dumpId } : {}),
        relation,
        isViewDefinition,
        definition: row.definition ?? null,
        enabled: row.ev_enabled!,
      });
      if (isViewDefinition) relation.rule = rule;
      return rule;
    });
  },

  link(rules: readonly RewriteRule[], _registry: ObjectRegistry): void {
    for (const rule of rules) {
      if (rule.isViewDefinition) printInside(rule.relation, rule);
      else rule.dependencies.add(rule.relation.dumpId);
    }
  },

  entries(rule: RewriteRule, context: EntryContext): PlannedEntry[] {
    const { relation } = rule;
    const table = qualified(relation.schema, relation.name);
    const name = quoteIdentifier(rule.name);
    const create = rule.isViewDefinition ? replaceView(relation) : `${rule.definition}\n`;
    const enabled = enabledClauses[rule.enabled];
    return [
      objectEntry(rule, {
        desc: "RULE",
        section: "post-data",
        tag: `${relation.name} ${rule.name}`,
        definition: enabled === undefined ? create : `${create}ALTER TABLE ${table} ${enabled} ${name};\n`,
        // A view cannot be without its rule.
        drop: rule.isViewDefinition ? replaceViewByDummy(relation) : `DROP RULE ${name} ON ${table};\n`,
        owner: relation.owner,
      }),
      ...onTableComment("RULE", rule, relation, context, rule.dumpId),
    ];
  },
};
