import { type AclItem, parseAclItem } from "./acl-item.ts";
import { quoteIdentifier } from "./quote.ts";

/** What stands after `ON` in GRANT and REVOKE. The plural forms are those of ALTER DEFAULT PRIVILEGES. */
export type PrivilegeKind = keyof typeof privilegesOfKind;

/** Letters and words of the privileges of each kind, in the order in which they are written. */
const privilegesOfKind = {
  TABLE: "r:SELECT a:INSERT x:REFERENCES d:DELETE t:TRIGGER D:TRUNCATE m:MAINTAIN w:UPDATE",
  TABLES: "r:SELECT a:INSERT x:REFERENCES d:DELETE t:TRIGGER D:TRUNCATE m:MAINTAIN w:UPDATE",
  COLUMN: "r:SELECT a:INSERT x:REFERENCES w:UPDATE",
  SEQUENCE: "r:SELECT U:USAGE w:UPDATE",
  SEQUENCES: "r:SELECT U:USAGE w:UPDATE",
  FUNCTION: "X:EXECUTE",
  FUNCTIONS: "X:EXECUTE",
  PROCEDURE: "X:EXECUTE",
  LANGUAGE: "U:USAGE",
  SCHEMA: "C:CREATE U:USAGE",
  SCHEMAS: "C:CREATE U:USAGE",
  DATABASE: "C:CREATE c:CONNECT T:TEMPORARY",
  TABLESPACE: "C:CREATE",
  TYPE: "U:USAGE",
  TYPES: "U:USAGE",
  "FOREIGN DATA WRAPPER": "U:USAGE",
  "FOREIGN SERVER": "U:USAGE",
  PARAMETER: "s:SET A:ALTER SYSTEM",
  "LARGE OBJECT": "r:SELECT w:UPDATE",
  "LARGE OBJECTS": "r:SELECT w:UPDATE",
} as const;

/** What to make GRANT and REVOKE statements for. */
export interface PrivilegeTarget {
  readonly kind: PrivilegeKind;
  /** What stands after `ON`, kind included: `TABLE app.orders`. Quoted, qualified. */
  readonly subject: string;
  /** Quoted name of the column, when the privileges are a column's (kind is then COLUMN, subject the table's). */
  readonly column?: string;
  /** Unquoted; null when objects of this kind have none. */
  readonly owner: string | null;
  /** Written before every GRANT and REVOKE: `ALTER DEFAULT PRIVILEGES ... `. */
  readonly prefix?: string;
}

/** How a GRANT begins that somebody else than the owner gave. */
export const changesRole = "SET SESSION AUTHORIZATION ";

/**
 * The statements that lead from the privileges `base` to `current`, both elements of an `aclitem[]`. Items are compared
 * as text: what is only in `base` is revoked, what is only in `current` is granted, the owner's own grants first and
 * otherwise in the array's order, because a grant may rest on an earlier one's grant option.
 */
export function privilegeStatements(
  target: PrivilegeTarget,
  base: readonly string[],
  current: readonly string[],
): string {
  let first = "";
  let second = "";
  for (const text of base.filter((item) => !current.includes(item))) first += revoke(target, parseAclItem(text));
  for (const text of current.filter((item) => !base.includes(item))) {
    const item = parseAclItem(text);
    const isOwners = target.owner !== null && item.grantee === target.owner && item.grantor === target.owner;
    if (isOwners) first += grant(target, item);
    else second += grant(target, item);
  }
  return first + second;
}

function revoke(target: PrivilegeTarget, item: AclItem): string {
  const held = words(target, (letter) => item.privileges.some((privilege) => privilege.letter === letter));
  if (held === "") return "";
  return `${target.prefix ?? ""}REVOKE ${held} ON ${target.subject} FROM ${role(item.grantee)};\n`;
}

function grant(target: PrivilegeTarget, item: AclItem): string {
  const has = (letter: string, grantable: boolean): boolean =>
    item.privileges.some((privilege) => privilege.letter === letter && privilege.grantable === grantable);
  const plain = words(target, (letter) => has(letter, false));
  const grantable = words(target, (letter) => has(letter, true));
  const to = `ON ${target.subject} TO ${role(item.grantee)}`;
  let sql = "";
  if (plain !== "") sql += `${target.prefix ?? ""}GRANT ${plain} ${to};\n`;
  if (grantable !== "") sql += `${target.prefix ?? ""}GRANT ${grantable} ${to} WITH GRANT OPTION;\n`;
  if (sql === "" || item.grantor === target.owner) return sql;
  // Only the grantor can make this grant look as if it came from the grantor.
  return `${changesRole}${quoteIdentifier(item.grantor)};\n${sql}RESET SESSION AUTHORIZATION;\n`;
}

/** The privileges for which `isHeld`, as they stand in a statement; ALL when none of the kind is missing. */
function words(target: PrivilegeTarget, isHeld: (letter: string) => boolean): string {
  const all = privilegesOfKind[target.kind].split(/ (?=\w:)/).map((pair) => pair.split(":") as [string, string]);
  const held = all.filter(([letter]) => isHeld(letter)).map(([, word]) => word);
  const column = target.column === undefined ? "" : `(${target.column})`;
  if (held.length === all.length) return `ALL${column}`;
  return held.map((word) => word + column).join(",");
}

function role(name: string): string {
  return name === "" ? "PUBLIC" : quoteIdentifier(name);
}
