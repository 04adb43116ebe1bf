import { qualified } from "../sql/quote.ts";
import { Catalog, firstNormalOid, type Row } from "./catalog-reader.ts";
import { simpleObjectType } from "./simple-object.ts";

/** Whether a function exists in the restored database when languages are created there. */
type WillExist = (functionOid: number) => boolean;

/**
 * Procedural languages. Those that every database has, and those that came with an extension, are described by changed
 * privileges only. Read after functions, which languages are made of.
 */
export const languageType = simpleObjectType<WillExist>({
  label: "language",
  kind: "language",
  desc: "PROCEDURAL LANGUAGE",
  commentWord: "LANGUAGE",
  section: "pre-data",
  pullsFunctions: true,
  privileges: "LANGUAGE",
  query: () =>
    "SELECT o.tableoid AS classid, o.oid, o.lanname AS name, NULL AS schema, o.lanowner AS owner, " +
    // Nobody can be granted an untrusted language.
    "CASE WHEN o.lanpltrusted THEN o.lanacl END AS acl, pg_catalog.acldefault('l', o.lanowner) AS acldefault, " +
    `o.lanpltrusted, ${functionColumns("lanplcallfoid", "handler")}, ${functionColumns("laninline", "inline")}, ` +
    `${functionColumns("lanvalidator", "validator")} FROM pg_catalog.pg_language o ` +
    "LEFT JOIN pg_catalog.pg_proc handler ON handler.oid = o.lanplcallfoid " +
    "LEFT JOIN pg_catalog.pg_proc inline ON inline.oid = o.laninline " +
    "LEFT JOIN pg_catalog.pg_proc validator ON validator.oid = o.lanvalidator WHERE o.lanispl ORDER BY o.oid",
  details: (_, reader) => (oid) =>
    oid < firstNormalOid ||
    reader.shared.extensionOf(Catalog.pg_proc, oid) !== undefined ||
    reader.registry.find({ table: Catalog.pg_proc, oid })?.parts.definition === true,
  definition: (row, name, willExist) => {
    const functions = ["handler", "inline", "validator"].filter((role) => row[`${role}_oid`] !== "0");
    if (row.handler_oid === "0" || !functions.every((role) => willExist(Number(row[`${role}_oid`])))) {
      // Servers before 13 made the functions of a language that they knew by name; there is an extension of that name.
      return `CREATE OR REPLACE PROCEDURAL LANGUAGE ${name};\n`;
    }
    const clauses = functions.map((role) => ` ${role.toUpperCase()} ${functionName(row, role)}`).join("");
    return `CREATE ${row.lanpltrusted === "t" ? "TRUSTED " : ""}PROCEDURAL LANGUAGE ${name}${clauses};\n`;
  },
});

function functionColumns(column: string, role: string): string {
  return (
    `o.${column} AS ${role}_oid, ${role}.proname AS ${role}_name, ` +
    `(SELECT n.nspname FROM pg_catalog.pg_namespace n WHERE n.oid = ${role}.pronamespace) AS ${role}_schema`
  );
}

function functionName(row: Row, role: string): string {
  return qualified(row[`${role}_schema`]!, row[`${role}_name`]!);
}
