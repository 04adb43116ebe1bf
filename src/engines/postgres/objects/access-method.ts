import { madeByUsers, simpleObjectType } from "./simple-object.ts";

const typeWords: Readonly<Record<string, string>> = { i: "INDEX", t: "TABLE" };

export const accessMethodType = simpleObjectType({
  label: "access method",
  kind: "access-method",
  desc: "ACCESS METHOD",
  section: "pre-data",
  query: () =>
    "SELECT o.tableoid AS classid, o.oid, o.amname AS name, NULL AS schema, NULL AS owner, o.amtype, o.amhandler " +
    `FROM pg_catalog.pg_am o WHERE ${madeByUsers} ORDER BY o.oid`,
  definition: (row, name) => `CREATE ACCESS METHOD ${name} TYPE ${typeWords[row.amtype!]} HANDLER ${row.amhandler};\n`,
});
