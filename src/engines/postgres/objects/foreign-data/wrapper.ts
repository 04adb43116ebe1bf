import { madeByUsers, simpleObjectType } from "../simple-object.ts";
import { optionsClause } from "./options.ts";

export const foreignDataWrapperType = simpleObjectType({
  label: "foreign-data wrapper",
  kind: "foreign-data-wrapper",
  desc: "FOREIGN DATA WRAPPER",
  section: "pre-data",
  privileges: "FOREIGN DATA WRAPPER",
  query: () =>
    "SELECT o.tableoid AS classid, o.oid, o.fdwname AS name, NULL AS schema, o.fdwowner AS owner, o.fdwacl AS acl, " +
    "pg_catalog.acldefault('F', o.fdwowner) AS acldefault, o.fdwhandler::pg_catalog.regproc AS handler, " +
    "o.fdwvalidator::pg_catalog.regproc AS validator, o.fdwoptions AS options " +
    `FROM pg_catalog.pg_foreign_data_wrapper o WHERE ${madeByUsers} ORDER BY o.oid`,
  definition: (row, name) => {
    const handler = row.handler === "-" ? "" : ` HANDLER ${row.handler}`;
    const validator = row.validator === "-" ? "" : ` VALIDATOR ${row.validator}`;
    return `CREATE FOREIGN DATA WRAPPER ${name}${handler}${validator}${optionsClause(row.options!)};\n`;
  },
});
