import type { Row } from "../catalog-reader.ts";
import { madeByUsers, simpleObjectType } from "../simple-object.ts";

export const publicationType = simpleObjectType({
  label: "publication",
  kind: "publication",
  desc: "PUBLICATION",
  section: "post-data",
  query: ({ publishTruncate, publishViaRoot, publishGeneratedColumns }) =>
    "SELECT o.tableoid AS classid, o.oid, o.pubname AS name, NULL AS schema, o.pubowner AS owner, o.puballtables, " +
    "o.pubinsert, o.pubupdate, o.pubdelete, " +
    `${publishTruncate ? "o.pubtruncate" : "false"} AS pubtruncate, ` +
    `${publishViaRoot ? "o.pubviaroot" : "false"} AS pubviaroot, ` +
    `${publishGeneratedColumns ? "o.pubgencols" : "'n'"} AS pubgencols ` +
    `FROM pg_catalog.pg_publication o WHERE ${madeByUsers} ORDER BY o.oid`,
  definition: (row, name) => {
    const all = row.puballtables === "t" ? " FOR ALL TABLES" : "";
    return `CREATE PUBLICATION ${name}${all} WITH (${publicationOptions(row).join(", ")});\n`;
  },
});

function publicationOptions(row: Row): string[] {
  const published = ["insert", "update", "delete", "truncate"].filter((action) => row[`pub${action}`] === "t");
  const options = [`publish = '${published.join(", ")}'`];
  if (row.pubviaroot === "t") options.push("publish_via_partition_root = true");
  if (row.pubgencols === "s") options.push("publish_generated_columns = stored");
  return options;
}
