/** Longer names first, so that "TABLE DATA" is not taken for a "TABLE" called DATA. */
const ENTRY_TYPES = [
  "ACL",
  "AGGREGATE",
  "BLOB METADATA",
  "BLOB",
  "BLOBS",
  "CHECK CONSTRAINT",
  "COMMENT",
  "CONSTRAINT",
  "DATABASE PROPERTIES",
  "DATABASE",
  "DEFAULT",
  "DOMAIN",
  "EXTENSION",
  "FK CONSTRAINT",
  "FUNCTION",
  "INDEX ATTACH",
  "INDEX",
  "MATERIALIZED VIEW DATA",
  "MATERIALIZED VIEW",
  "POLICY",
  "PROCEDURE",
  "ROW SECURITY",
  "RULE",
  "SCHEMA",
  "SEQUENCE OWNED BY",
  "SEQUENCE SET",
  "SEQUENCE",
  "SHELL TYPE",
  "TABLE ATTACH",
  "TABLE DATA",
  "TABLE",
  "TRIGGER",
  "TYPE",
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
