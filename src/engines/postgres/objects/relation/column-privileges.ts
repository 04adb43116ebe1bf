import type { Row } from "../catalog-reader.ts";
import { groupBy } from "../group-by.ts";
import type { ObjectType } from "../object-type.ts";
import type { ColumnPrivileges } from "../privilege-entries.ts";
import { relationAt } from "./relation.ts";

/**
 * Columns, system columns included, that have privileges of their own or had some when they were installed. The server looks at all columns
 * there are: it does when what others wait for is answered.
 */
const columnPrivilegeQuery = `
    SELECT a.attrelid, a.attnum, a.attname, a.attacl FROM pg_catalog.pg_attribute a
    WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
  UNION ALL
    SELECT a.attrelid, a.attnum, a.attname, a.attacl FROM pg_catalog.pg_init_privs p
      JOIN pg_catalog.pg_attribute a ON a.attrelid = p.objoid AND a.attnum = p.objsubid
    WHERE p.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND p.objsubid <> 0
      AND a.attacl IS NULL AND NOT a.attisdropped
  ORDER BY 1, 2`;

/** Privileges on columns: no objects of their own, but known before any relation's entries are made. */
export const columnPrivilegesType: ObjectType<never> = {
  label: "privileges on columns",

  queriesAboutRelations: () => ({ rows: columnPrivilegeQuery }),

  read({ registry }, { rows }): never[] {
    for (const [oid, ofRelation] of groupBy(rows, (row) => Number(row.attrelid))) {
      const relation = relationAt(registry, oid);
      if (relation !== undefined) relation.columnPrivileges = ofRelation.map(columnPrivilegesOf);
    }
    return [];
  },

  entries: () => [],
};

function columnPrivilegesOf(row: Row): ColumnPrivileges {
  return { number: Number(row.attnum), name: row.attname!, current: row.attacl ?? null };
}
