import { quoteIdentifier } from "../../sql/quote.ts";
import type { Row } from "../catalog-reader.ts";
import { ofUserSchemas, simpleObjectType } from "../simple-object.ts";
import { familyMemberQueries, familyMembers } from "./family-members.ts";

/** Operator families, with the members that belong to no class. */
export const operatorFamilyType = simpleObjectType({
  label: "operator family",
  kind: "operator-family",
  desc: "OPERATOR FAMILY",
  section: "pre-data",
  query: () =>
    "SELECT o.tableoid AS classid, o.oid, o.opfname AS name, n.nspname AS schema, o.opfowner AS owner, a.amname " +
    `FROM pg_catalog.pg_opfamily o ${ofUserSchemas("o.opfnamespace")} ` +
    "JOIN pg_catalog.pg_am a ON a.oid = o.opfmethod ORDER BY o.oid",
  detailQueries: () => familyMemberQueries("pg_opfamily"),
  details: familyMembers,
  identity: using,
  tieBreak: (row) => ["family", row.amname!],
  definition: (row, name, members) => {
    const loose = members.get(row.oid!) ?? [];
    const subject = `OPERATOR FAMILY ${using(row, name)}`;
    const add = loose.length === 0 ? "" : `ALTER ${subject} ADD\n    ${loose.join(" ,\n    ")};\n`;
    return `CREATE ${subject};\n${add}`;
  },
});

export function using(row: Row, name: string): string {
  return `${name} USING ${quoteIdentifier(row.amname!)}`;
}
