import { parseTextArray } from "../sql/pg-array.ts";
import { quoteConformingLiteral, quoteIdentifier } from "../sql/quote.ts";
import { madeByUsers, simpleObjectType } from "./simple-object.ts";

/** `pg_event_trigger.evtenabled`; O is enabled as every new one is. */
const enabledWords: Readonly<Record<string, string>> = { D: "DISABLE", A: "ENABLE ALWAYS", R: "ENABLE REPLICA" };

export const eventTriggerType = simpleObjectType({
  label: "event trigger",
  kind: "event-trigger",
  desc: "EVENT TRIGGER",
  section: "post-data",
  query: ({ functionWord }) =>
    "SELECT o.tableoid AS classid, o.oid, o.evtname AS name, NULL AS schema, o.evtowner AS owner, o.evtevent, " +
    "o.evtenabled, o.evttags, o.evtfoid::pg_catalog.regproc AS function, " +
    `'${functionWord ? "FUNCTION" : "PROCEDURE"}' AS word ` +
    `FROM pg_catalog.pg_event_trigger o WHERE ${madeByUsers} ORDER BY o.oid`,
  definition: (row, name) => {
    const tags = row.evttags === null ? [] : parseTextArray(row.evttags!).map(quoteConformingLiteral);
    const filter = tags.length === 0 ? "" : `\n         WHEN TAG IN (${tags.join(", ")})`;
    const enabled = enabledWords[row.evtenabled!];
    return (
      `CREATE EVENT TRIGGER ${name} ON ${quoteIdentifier(row.evtevent!)}${filter}` +
      `\n   EXECUTE ${row.word} ${row.function}();\n` +
      (enabled === undefined ? "" : `\nALTER EVENT TRIGGER ${name} ${enabled};\n`)
    );
  },
});
