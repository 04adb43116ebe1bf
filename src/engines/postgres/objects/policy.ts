import { qualified, quoteIdentifier } from "../sql/quote.ts";
import { Catalog } from "./catalog-reader.ts";
import { type DumpObject, definitionOnly } from "./dump-object.ts";
import type { EntryContext } from "./entry-context.ts";
import { objectEntry } from "./object-entry.ts";
import type { ObjectType, PlannedEntry } from "./object-type.ts";
import { onTableComment } from "./on-table-comment.ts";
import { dumpedTables, oidArray, type Relation, relationAt } from "./relation/relation.ts";

interface Policy extends DumpObject {
  readonly kind: "policy";
  readonly relation: Relation;
  /** `pg_policy.polcmd`: *, r, a, w, d. */
  readonly command: string;
  readonly isPermissive: boolean;
  /** Quoted names; null is PUBLIC. */
  readonly roles: string | null;
  readonly using: string | null;
  readonly check: string | null;
}

const commandClauses: Readonly<Record<string, string>> = {
  "*": "",
  r: " FOR SELECT",
  a: " FOR INSERT",
  w: " FOR UPDATE",
  d: " FOR DELETE",
};

export const policyType: ObjectType<Policy> = {
  label: "policy",

  queriesAboutRelations: ({ registry }) => ({
    rows: `
      SELECT p.oid, p.polrelid, p.polname, p.polcmd, p.polpermissive,
        CASE WHEN p.polroles <> '{0}' THEN pg_catalog.array_to_string(ARRAY(
          SELECT pg_catalog.quote_ident(r.rolname) FROM pg_catalog.pg_roles r WHERE r.oid = ANY(p.polroles)), ', ')
        END AS roles,
        pg_catalog.pg_get_expr(p.polqual, p.polrelid) AS using,
        pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) AS with_check
      FROM pg_catalog.unnest(${oidArray(dumpedTables(registry))}) AS src(oid) JOIN pg_catalog.pg_policy p ON p.polrelid = src.oid
      ORDER BY p.polrelid, p.polname`,
  }),

  read(reader, { rows }): Policy[] {
    return rows.map((row) => {
      const relation = relationAt(reader.registry, Number(row.polrelid))!;
      return reader.registry.add<Policy>({
        kind: "policy",
        catalog: { table: Catalog.pg_policy, oid: Number(row.oid) },
        name: row.polname!,
        schema: relation.schema,
        tieBreak: [relation.name],
        parts: definitionOnly,
        relation,
        command: row.polcmd!,
        isPermissive: row.polpermissive === "t",
        roles: row.roles ?? null,
        using: row.using ?? null,
        check: row.with_check ?? null,
      });
    });
  },

  entries(policy: Policy, context: EntryContext): PlannedEntry[] {
    const { relation } = policy;
    const table = qualified(relation.schema, relation.name);
    const name = quoteIdentifier(policy.name);
    const definition = [
      `CREATE POLICY ${name} ON ${table}`,
      policy.isPermissive ? "" : " AS RESTRICTIVE",
      commandClauses[policy.command]!,
      policy.roles === null ? "" : ` TO ${policy.roles}`,
      policy.using === null ? "" : ` USING (${policy.using})`,
      policy.check === null ? "" : ` WITH CHECK (${policy.check})`,
      ";\n",
    ];
    return [
      objectEntry(policy, {
        desc: "POLICY",
        section: "post-data",
        tag: `${relation.name} ${policy.name}`,
        definition: definition.join(""),
        drop: `DROP POLICY ${name} ON ${table};\n`,
        owner: relation.owner,
      }),
      ...onTableComment("POLICY", policy, relation, context, policy.dumpId),
    ];
  },
};

interface RowSecurity extends DumpObject {
  readonly kind: "policy";
  readonly relation: Relation;
}

/** The switch that makes a table heed its policies. Behind the data: it would hold for loading it, too. */
export const rowSecurityType: ObjectType<RowSecurity> = {
  label: "row security",

  read(reader): RowSecurity[] {
    return dumpedTables(reader.registry)
      .filter((table) => table.rowSecurity)
      .map((relation) =>
        reader.registry.add<RowSecurity>({
          kind: "policy",
          catalog: { table: 0, oid: relation.catalog.oid },
          name: relation.name,
          schema: relation.schema,
          tieBreak: [relation.name],
          parts: definitionOnly,
          relation,
        }),
      );
  },

  link(objects: readonly RowSecurity[]): void {
    for (const { relation, dependencies } of objects) dependencies.add(relation.dumpId);
  },

  entries(object: RowSecurity): PlannedEntry[] {
    const { relation } = object;
    return [
      objectEntry(object, {
        desc: "ROW SECURITY",
        section: "post-data",
        definition: `ALTER TABLE ${qualified(relation.schema, relation.name)} ENABLE ROW LEVEL SECURITY;`,
        owner: relation.owner,
      }),
    ];
  },
};
