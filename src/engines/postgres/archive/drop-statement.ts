import { forEachLargeObject } from "./large-object-statements.ts";
import type { TocEntry } from "./toc-entry.ts";

/**
 * SQL that drops an entry's object, as pg_dump --clean prints it; empty when it is not dropped by itself.
 * @param ifExists a missing object is no error.
 */
export function dropStatement(entry: TocEntry, ifExists: boolean): string {
  if (entry.drop === null) return "";
  if (entry.desc === "BLOB METADATA") {
    return ifExists
      ? forEachLargeObject(entry, unlinkIfExists, "'")
      : forEachLargeObject(entry, "SELECT pg_catalog.lo_unlink('", "')");
  }
  if (entry.drop === "" || !ifExists || entry.drop.startsWith("--")) return entry.drop;
  if (entry.desc === "BLOB") return `${unlinkIfExists}${entry.catalog.oid}';\n`;
  return withIfExists(entry.desc, entry.drop);
}

/** Unlinks a large object only where it is. Its OID and a quote follow. */
export const unlinkIfExists = "SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata WHERE oid = '";

function withIfExists(desc: string, drop: string): string {
  // Stock pg_dump forgets foreign tables, and its scripts stop at one that is not there.
  const alter = /^ALTER (?:FOREIGN )?TABLE/.exec(drop)?.[0] ?? "";
  const start = alter === "" ? "" : `${alter} IF EXISTS`;
  const rest = drop.slice(alter.length);
  // DROP DEFAULT knows no IF EXISTS, settings of a database are reset, and a view's rule is replaced.
  if (desc === "DEFAULT" || desc === "DATABASE PROPERTIES" || rest.startsWith("CREATE OR REPLACE VIEW")) {
    return start + rest;
  }
  const isConstraint = desc === "CONSTRAINT" || desc === "CHECK CONSTRAINT" || desc === "FK CONSTRAINT";
  const words = isConstraint ? "DROP CONSTRAINT" : `DROP ${desc}`;
  const at = rest.indexOf(words);
  if (at < 0) return start + rest;
  const end = at + words.length;
  return `${start}${rest.slice(0, end)} IF EXISTS${rest.slice(end)}`;
}
