import { BackupError } from "../../../core/backup-error.ts";
import { qualified, quoteIdentifier } from "../sql/quote.ts";
import type { TocEntry } from "./toc-entry.ts";

/** Kinds that `ALTER kind name OWNER TO` names by schema and tag. */
const namedByTag: ReadonlySet<string> = new Set([
  "COLLATION",
  "CONVERSION",
  "DATABASE",
  "DOMAIN",
  "EVENT TRIGGER",
  "FOREIGN DATA WRAPPER",
  "FOREIGN TABLE",
  "MATERIALIZED VIEW",
  "PROCEDURAL LANGUAGE",
  "PUBLICATION",
  "SCHEMA",
  "SEQUENCE",
  "SERVER",
  "STATISTICS",
  "SUBSCRIPTION",
  "TABLE",
  "TEXT SEARCH CONFIGURATION",
  "TEXT SEARCH DICTIONARY",
  "TYPE",
  "VIEW",
]);

/** Kinds whose full name (arguments, operand types, access method) stands in their DROP statement only. */
const namedByDrop: ReadonlySet<string> = new Set([
  "AGGREGATE",
  "FUNCTION",
  "OPERATOR",
  "OPERATOR CLASS",
  "OPERATOR FAMILY",
  "PROCEDURE",
]);

/** Kinds that belong to the owner of something else. */
const withoutOwner: ReadonlySet<string> = new Set([
  "CAST",
  "CHECK CONSTRAINT",
  "CONSTRAINT",
  "DATABASE PROPERTIES",
  "DEFAULT",
  "FK CONSTRAINT",
  "INDEX",
  "POLICY",
  "ROW SECURITY",
  "RULE",
  "TRIGGER",
  "USER MAPPING",
]);

/**
 * What stands between `ALTER` and `OWNER TO` for an entry; undefined when its kind has no owner of its own.
 * @throws BackupError DAMAGED for a kind that pg_dump never gives an owner.
 */
export function ownedObject(entry: TocEntry): string | undefined {
  const { desc, tag, namespace, drop } = entry;
  if (namedByTag.has(desc)) return `${desc} ${qualified(namespace === "" ? null : namespace, tag)}`;
  if (desc === "BLOB") return `LARGE OBJECT ${tag}`;
  if (namedByDrop.has(desc)) return drop!.slice("DROP ".length, endOfCommand(drop!));
  if (withoutOwner.has(desc)) return undefined;
  throw new BackupError({
    code: "DAMAGED",
    message: `entry ${entry.dumpId} of the archive ("${desc}") has an owner, which that type of object cannot have`,
    hint: "restore it with --no-owner if you trust this archive",
  });
}

/** Where the line feeds and semicolons at its end begin. */
function endOfCommand(sql: string): number {
  let end = sql.length;
  while (end > 0 && (sql[end - 1] === ";" || sql[end - 1] === "\n")) end--;
  return end;
}

/** The statement that gives an object to its owner; its end is written as pg_dump does. */
export function ownerStatement(entry: TocEntry): string | undefined {
  if (!hasOwner(entry)) return undefined;
  const object = ownedObject(entry);
  return object === undefined ? undefined : `ALTER ${object} OWNER TO ${quoteIdentifier(entry.owner)};\n\n`;
}

/** Only what can be dropped by itself can be given away by itself. */
export function hasOwner(entry: TocEntry): entry is TocEntry & { readonly owner: string } {
  return entry.owner !== null && entry.owner !== "" && entry.drop !== null && entry.drop !== "";
}
