import { qualified } from "../../sql/quote.ts";
import type { Answers, Queries } from "../catalog-queries.ts";
import { firstNormalOid, type Row } from "../catalog-reader.ts";
import { groupBy } from "../group-by.ts";

/** Operators and support functions of families that users made: pg_depend ties each to a class, or loosely to the family. */
export function familyMemberQueries(owner: "pg_opclass" | "pg_opfamily"): Queries<"operators" | "functions"> {
  const tied = (catalog: string, alias: string): string =>
    `JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass ` +
    `AND d.objid = ${alias}.oid AND d.refclassid = 'pg_catalog.${owner}'::pg_catalog.regclass`;
  return {
    operators:
      "SELECT d.refobjid AS owner, o.amopstrategy, o.amopopr::pg_catalog.regoperator AS operator, " +
      "f.opfname, n.nspname FROM pg_catalog.pg_amop o " +
      `${tied("pg_amop", "o")} LEFT JOIN pg_catalog.pg_opfamily f ON f.oid = o.amopsortfamily ` +
      "LEFT JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace " +
      `WHERE o.oid >= ${firstNormalOid} ORDER BY 1, o.amopstrategy, o.oid`,
    functions:
      "SELECT d.refobjid AS owner, p.amprocnum, p.amproc::pg_catalog.regprocedure AS function, " +
      "p.amproclefttype::pg_catalog.regtype AS left_type, p.amprocrighttype::pg_catalog.regtype AS right_type " +
      `FROM pg_catalog.pg_amproc p ${tied("pg_amproc", "p")} ` +
      `WHERE p.oid >= ${firstNormalOid} ORDER BY 1, p.amprocnum, p.oid`,
  };
}

/** The members as clauses of CREATE OPERATOR CLASS and ALTER OPERATOR FAMILY, by OID of what they belong to. */
export function familyMembers(answers: Answers<"operators" | "functions">): ReadonlyMap<string, readonly string[]> {
  const clauses = [
    ...answers.operators.map((row) => ({ owner: row.owner!, sql: operatorClause(row) })),
    ...answers.functions.map((row) => ({
      owner: row.owner!,
      sql: `FUNCTION ${row.amprocnum} (${row.left_type}, ${row.right_type}) ${row.function}`,
    })),
  ];
  return new Map(
    [...groupBy(clauses, (clause) => clause.owner)].map(([oid, members]) => [oid, members.map(({ sql }) => sql)]),
  );
}

function operatorClause(row: Row): string {
  const order = row.opfname === null ? "" : ` FOR ORDER BY ${qualified(row.nspname!, row.opfname!)}`;
  return `OPERATOR ${row.amopstrategy} ${row.operator}${order}`;
}
