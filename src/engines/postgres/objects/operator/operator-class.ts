import { qualified, quoteIdentifier } from "../../sql/quote.ts";
import { ofUserSchemas, simpleObjectType } from "../simple-object.ts";
import { familyMemberQueries, familyMembers } from "./family-members.ts";
import { using } from "./operator-family.ts";

export const operatorClassType = simpleObjectType({
  label: "operator class",
  // Of the same rank as families: their dependencies order the two.
  kind: "operator-family",
  desc: "OPERATOR CLASS",
  section: "pre-data",
  query: () =>
    "SELECT o.tableoid AS classid, o.oid, o.opcname AS name, n.nspname AS schema, o.opcowner AS owner, a.amname, " +
    "o.opcdefault, o.opcintype::pg_catalog.regtype AS type, o.opckeytype::pg_catalog.regtype AS key_type, " +
    "f.opfname, fn.nspname AS family_schema " +
    `FROM pg_catalog.pg_opclass o ${ofUserSchemas("o.opcnamespace")} ` +
    "JOIN pg_catalog.pg_am a ON a.oid = o.opcmethod JOIN pg_catalog.pg_opfamily f ON f.oid = o.opcfamily " +
    "JOIN pg_catalog.pg_namespace fn ON fn.oid = f.opfnamespace ORDER BY o.oid",
  detailQueries: () => familyMemberQueries("pg_opclass"),
  details: familyMembers,
  identity: using,
  tieBreak: (row) => ["class", row.amname!],
  definition: (row, name, members) => {
    const storage = row.key_type === "-" ? [] : [`STORAGE ${row.key_type}`];
    const clauses = [...storage, ...(members.get(row.oid!) ?? [])];
    // Something must stand there; the server takes this one for nothing.
    if (clauses.length === 0) clauses.push(`STORAGE ${row.type}`);
    return (
      `CREATE OPERATOR CLASS ${name}\n    ${row.opcdefault === "t" ? "DEFAULT " : ""}FOR TYPE ${row.type} ` +
      `USING ${quoteIdentifier(row.amname!)} FAMILY ${qualified(row.family_schema!, row.opfname!)} AS\n    ` +
      `${clauses.join(" ,\n    ")};\n`
    );
  },
});
