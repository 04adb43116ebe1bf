/** Longer names first, so that "TABLE DATA" is not taken for a "TABLE" called DATA. */
const ENTRY_TYPES = [
  "ACCESS METHOD",
  "ACL",
  "AGGREGATE",
  "BLOB METADATA",
  "BLOB",
  "BLOBS",
  "CAST",
  "CHECK CONSTRAINT",
  "COLLATION",
  "COMMENT",
  "CONSTRAINT",
  "CONVERSION",
  "DATABASE PROPERTIES",
  "DATABASE",
  "DEFAULT ACL",
  "DEFAULT",
  "DOMAIN",
  "EVENT TRIGGER",
  "EXTENSION",
  "FK CONSTRAINT",
  "FOREIGN DATA WRAPPER",
  "FOREIGN TABLE",
  "FUNCTION",
  "INDEX ATTACH",
  "INDEX",
  "MATERIALIZED VIEW DATA",
  "MATERIALIZED VIEW",
  "OPERATOR CLASS",
  "OPERATOR FAMILY",
  "OPERATOR",
  "POLICY",
  "PROCEDURAL LANGUAGE",
  "PROCEDURE",
  "PUBLICATION TABLE",
  "PUBLICATION TABLES IN SCHEMA",
  "PUBLICATION",
  "ROW SECURITY",
  "RULE",
  "SCHEMA",
  "SEQUENCE OWNED BY",
  "SEQUENCE SET",
  "SEQUENCE",
  "SERVER",
  "SHELL TYPE",
  "STATISTICS",
  "SUBSCRIPTION",
  "TABLE ATTACH",
  "TABLE DATA",
  "TABLE",
  "TEXT SEARCH CONFIGURATION",
  "TEXT SEARCH DICTIONARY",
  "TEXT SEARCH PARSER",
  "TEXT SEARCH TEMPLATE",
  "TRANSFORM",
  "TRIGGER",
  "TYPE",
  "USER MAPPING",
  "VIEW",
].toSorted((a, b) => b.length - a.length);

/** How many entries of each type `pg_restore --list` shows. */
export function entryTypesOf(list: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of list.split("\n")) {
    const rest = /^\d+; \d+ \d+ (.*)$/.exec(line)?.[1];
    if (rest === undefined) continue;
    const type = ENTRY_TYPES.find((name) => rest.startsWith(`${name} `));
    if (type === undefined) throw new Error(`an entry of a type that tests do not know: ${line}`);
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return counts;
}
