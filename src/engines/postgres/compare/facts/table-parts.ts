import { aspectsOf, type FactQuery, type FactRows, identity, isNoMember, isUserSchema } from "../fact-query.ts";

/** Rows of `catalog` that hang on a user's table `c`, whose oid is `table`. */
const onTables = (rows: FactRows, table: string): FactRows => ({
  ...rows,
  from: `${rows.from} join pg_class as c on c.oid = ${table} join pg_namespace as n on n.oid = c.relnamespace`,
  where: `${rows.where} and ${isUserSchema()} and ${isNoMember("pg_class", "c.oid")}`,
});

export const constraints: FactQuery = {
  name: "constraints",
  sql: ({ major, olderMajor }) => {
    // Foreign keys of partitions are made with those of their parents, under names of the server's choice.
    const own = major >= 11 ? "not (con.contype = 'f' and con.conparentid <> 0)" : "true";
    // NOT NULL got a name in PostgreSQL 18; before that the column's flag is all there is.
    const kinds = olderMajor >= 18 ? "('c', 'f', 'p', 'u', 'x', 'n')" : "('c', 'f', 'p', 'u', 'x')";
    const where = `con.contype in ${kinds} and ${own}`;
    return aspectsOf(
      onTables({ catalog: "pg_constraint", oid: "con.oid", from: "pg_constraint as con", where }, "con.conrelid"),
      {
        definition: "pg_get_constraintdef(con.oid)",
        // ATTACH PARTITION, which is what a restore does, makes all constraints that the root has inherited ones.
        "only inherited":
          "case when con.contype in ('c', 'n') and not c.relispartition then nullif(not con.conislocal, false) end",
      },
    );
  },
};

export const domainConstraints: FactQuery = {
  name: "constraints of domains",
  sql: () =>
    aspectsOf(
      {
        catalog: "pg_constraint",
        oid: "con.oid",
        from: `pg_constraint as con join pg_type as t on t.oid = con.contypid
          join pg_namespace as n on n.oid = t.typnamespace`,
        where: `con.contype = 'c' and ${isUserSchema()} and ${isNoMember("pg_type", "t.oid")}`,
      },
      { definition: "pg_get_constraintdef(con.oid)" },
    ),
};

export const indexes: FactQuery = {
  name: "indexes",
  sql: ({ major }) => {
    const rows = {
      catalog: "pg_class",
      oid: "i.indexrelid",
      from: "pg_index as i join pg_class as x on x.oid = i.indexrelid",
      // A common index that is invalid is the rest of a failed CREATE INDEX CONCURRENTLY.
      where: "(i.indisvalid or x.relkind <> 'i') and c.relkind <> 't'",
    };
    return aspectsOf(onTables(rows, "i.indrelid"), {
      definition: "pg_get_indexdef(i.indexrelid)",
      tablespace: "(select spcname from pg_tablespace where oid = x.reltablespace)",
      clustered: "nullif(i.indisclustered, false)",
      // A partitioned index is invalid until every partition has its part.
      invalid: "nullif(not i.indisvalid, false)",
      "attached to":
        major >= 11
          ? `(select ${identity("pg_class", "inherits.inhparent")} from pg_inherits as inherits
            where inherits.inhrelid = i.indexrelid)`
          : undefined,
      statistics: `(select string_agg(a.attnum || ': ' || a.attstattarget, ', ' order by a.attnum)
        from pg_attribute as a where a.attrelid = i.indexrelid and a.attstattarget >= 0)`,
    });
  },
};

export const triggers: FactQuery = {
  name: "triggers",
  sql: ({ major, olderMajor }) => {
    const isClone = major >= 13 ? "t.tgparentid <> 0" : "false";
    // Those of partitions come with their parents', but each may be switched off by itself. Before PostgreSQL 13 they
    // could not be told from those of foreign keys.
    const clones = olderMajor >= 13 ? "t.tgparentid <> 0 and t.tgconstraint = 0" : "false";
    const where = `((not t.tgisinternal and not (${isClone})) or (${clones}))`;
    return aspectsOf(onTables({ catalog: "pg_trigger", oid: "t.oid", from: "pg_trigger as t", where }, "t.tgrelid"), {
      definition: `case when not (${isClone}) then pg_get_triggerdef(t.oid, false) end`,
      enabled: "nullif(t.tgenabled::text, 'O')",
    });
  },
};

export const rules: FactQuery = {
  name: "rules",
  sql: () => {
    const where = "r.rulename <> '_RETURN'";
    return aspectsOf(onTables({ catalog: "pg_rewrite", oid: "r.oid", from: "pg_rewrite as r", where }, "r.ev_class"), {
      definition: "pg_get_ruledef(r.oid)",
      enabled: "nullif(r.ev_enabled::text, 'O')",
    });
  },
};

export const policies: FactQuery = {
  name: "policies",
  sql: () =>
    aspectsOf(onTables({ catalog: "pg_policy", oid: "p.oid", from: "pg_policy as p", where: "true" }, "p.polrelid"), {
      command: "p.polcmd",
      permissive: "p.polpermissive",
      roles: `(select string_agg(case role when 0 then 'public' else quote_ident(pg_get_userbyid(role)) end, ', '
          order by pg_get_userbyid(role)::text collate "C") from unnest(p.polroles) as role)`,
      using: "pg_get_expr(p.polqual, p.polrelid)",
      "with check": "pg_get_expr(p.polwithcheck, p.polrelid)",
    }),
};
