import type { Row } from "../catalog-reader.ts";
import { ofUserSchemas, simpleObjectType } from "../simple-object.ts";

/** Operators. One that exists only because another one named it as its commutator or negator is none yet. */
export const operatorType = simpleObjectType({
  label: "operator",
  kind: "operator",
  desc: "OPERATOR",
  section: "pre-data",
  query: ({ functionWord }) =>
    "SELECT o.tableoid AS classid, o.oid, o.oprname AS name, n.nspname AS schema, o.oprowner AS owner, o.oprkind, " +
    `'${functionWord ? "FUNCTION" : "PROCEDURE"}' AS word, ` +
    "o.oprcode::pg_catalog.regprocedure, o.oprrest::pg_catalog.regprocedure, o.oprjoin::pg_catalog.regprocedure, " +
    "o.oprcanmerge, o.oprcanhash, " +
    "o.oprleft::pg_catalog.regtype AS left_type, o.oprright::pg_catalog.regtype AS right_type, " +
    "lt.typname AS left_name, rt.typname AS right_name, " +
    "c.oprname AS commutator, c.oprnamespace::pg_catalog.regnamespace AS commutator_schema, " +
    "g.oprname AS negator, g.oprnamespace::pg_catalog.regnamespace AS negator_schema " +
    `FROM pg_catalog.pg_operator o ${ofUserSchemas("o.oprnamespace")} ` +
    "LEFT JOIN pg_catalog.pg_type lt ON lt.oid = o.oprleft LEFT JOIN pg_catalog.pg_type rt ON rt.oid = o.oprright " +
    "LEFT JOIN pg_catalog.pg_operator c ON c.oid = o.oprcom LEFT JOIN pg_catalog.pg_operator g ON g.oid = o.oprnegate " +
    "WHERE o.oprcode <> 0 ORDER BY o.oid",
  quoteName: (name) => name,
  identity: (row, name) => `${name} (${operand(row.left_type!)}, ${operand(row.right_type!)})`,
  // Prefix operators before those with two operands.
  tieBreak: (row) => [row.oprkind === "l" ? "0" : "1", row.left_name ?? "", row.right_name ?? ""],
  definition: (row, name) =>
    `CREATE OPERATOR ${name} (\n${operatorOptions(row)
      .map((option) => `    ${option}`)
      .join(",\n")}\n);\n`,
});

/**
 * The name in regprocedure text, which is quoted and qualified already. (regproc text would be qualified as soon as there
 * are two functions of that name in pg_catalog.)
 */
function routine(signature: string): string {
  return /^(?:"[^"]*"|[^"(])*/.exec(signature)![0];
}

/** regtype text is quoted and qualified already; "-" is none. */
function operand(type: string): string {
  return type === "-" ? "NONE" : type;
}

function operatorOptions(row: Row): string[] {
  const options = [`${row.word} = ${routine(row.oprcode!)}`];
  if (row.left_type !== "-") options.push(`LEFTARG = ${row.left_type}`);
  if (row.right_type !== "-") options.push(`RIGHTARG = ${row.right_type}`);
  // Always qualified: an operator and its negator may lie in different schemas.
  if (row.commutator !== null) options.push(`COMMUTATOR = OPERATOR(${row.commutator_schema}.${row.commutator})`);
  if (row.negator !== null) options.push(`NEGATOR = OPERATOR(${row.negator_schema}.${row.negator})`);
  if (row.oprcanmerge === "t") options.push("MERGES");
  if (row.oprcanhash === "t") options.push("HASHES");
  if (row.oprrest !== "-") options.push(`RESTRICT = ${routine(row.oprrest!)}`);
  if (row.oprjoin !== "-") options.push(`JOIN = ${routine(row.oprjoin!)}`);
  return options;
}
