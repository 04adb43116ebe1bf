import { parseTextArray } from "../sql/pg-array.ts";
import { quoteConformingLiteral, quoteIdentifier } from "../sql/quote.ts";
import type { Row } from "./catalog-reader.ts";
import { simpleObjectType } from "./simple-object.ts";

/**
 * Subscriptions, as far as a superuser makes the backup: nobody else may read with what they connect. They are created
 * without connecting anywhere; what to replicate from where is decided after the restore.
 */
export const subscriptionType = simpleObjectType({
  label: "subscription",
  kind: "subscription",
  desc: "SUBSCRIPTION",
  section: "post-data",
  needsSuperuser: true,
  query: ({ subscriptionStreaming, subscriptionTwoPhase, subscriptionOrigins, subscriptionFailover }) =>
    "SELECT o.tableoid AS classid, o.oid, o.subname AS name, NULL AS schema, o.subowner AS owner, o.subconninfo, " +
    "o.subslotname, o.subsynccommit, o.subpublications, " +
    `${subscriptionStreaming ? "o.subbinary, o.substream" : "false AS subbinary, NULL AS substream"}, ` +
    `${subscriptionTwoPhase ? "o.subtwophasestate, o.subdisableonerr" : "'d' AS subtwophasestate, false AS subdisableonerr"}, ` +
    `${subscriptionOrigins ? "o.subpasswordrequired, o.subrunasowner, o.suborigin" : beforeOrigins}, ` +
    `${subscriptionFailover ? "o.subfailover" : "false AS subfailover"} ` +
    "FROM pg_catalog.pg_subscription o WHERE o.subdbid = (SELECT d.oid FROM pg_catalog.pg_database d " +
    "WHERE d.datname = pg_catalog.current_database()) ORDER BY o.oid",
  definition: (row, name) => {
    const publications = parseTextArray(row.subpublications!).map(quoteIdentifier).join(", ");
    return (
      `CREATE SUBSCRIPTION ${name} CONNECTION ${quoteConformingLiteral(row.subconninfo!)} ` +
      `PUBLICATION ${publications} WITH (${subscriptionOptions(row).join(", ")});\n`
    );
  },
});

/**
 * Options that servers before 16 do not know are not named, so that the dump can be restored on them. (There everything
 * ran as the subscription's owner, which stock pg_dump 18 says, for newer servers alone.)
 */
const beforeOrigins = "true AS subpasswordrequired, false AS subrunasowner, 'any' AS suborigin";

const streamingWords: Readonly<Record<string, string>> = { t: "on", p: "parallel", f: "off" };

function subscriptionOptions(row: Row): string[] {
  const slot = row.subslotname === null ? "NONE" : quoteConformingLiteral(row.subslotname!);
  const options = ["connect = false", `slot_name = ${slot}`];
  if (row.subbinary === "t") options.push("binary = true");
  if (row.substream !== null) options.push(`streaming = ${streamingWords[row.substream!]}`);
  if (row.subtwophasestate !== "d") options.push("two_phase = on");
  if (row.subdisableonerr === "t") options.push("disable_on_error = true");
  if (row.subpasswordrequired !== "t") options.push("password_required = false");
  if (row.subrunasowner === "t") options.push("run_as_owner = true");
  if (row.subfailover === "t") options.push("failover = true");
  if (row.subsynccommit !== "off") options.push(`synchronous_commit = ${quoteIdentifier(row.subsynccommit!)}`);
  if (row.suborigin!.toLowerCase() !== "any") options.push(`origin = ${row.suborigin}`);
  return options;
}
