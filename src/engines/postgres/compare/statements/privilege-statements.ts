import { type Change, commented, quoted, type Statement, tableAndColumn } from "./change.ts";

const words: Readonly<Record<string, string>> = {
  r: "select",
  a: "insert",
  w: "update",
  d: "delete",
  D: "truncate",
  x: "references",
  t: "trigger",
  m: "maintain",
  X: "execute",
  U: "usage",
  C: "create",
};

/** What nobody gave and everybody has when the object is made. */
const ofPublic: Readonly<Record<string, string>> = { function: "X", procedure: "X", aggregate: "X", type: "U" };

const targets: Readonly<Record<string, string>> = {
  table: "table",
  view: "table",
  "materialized view": "table",
  "foreign table": "table",
  sequence: "sequence",
  schema: "schema",
  function: "function",
  procedure: "procedure",
  aggregate: "function",
  type: "type",
};

/** Privileges by grantee: letters, each with a star when it may be handed on. */
type Grants = Map<string, Map<string, boolean>>;

/** GRANT and REVOKE, of the owner's making; other grantors are told. */
export function privilegeStatements(change: Change): Statement[] {
  const { kind, name, wanted, found } = change;
  const isColumn = kind.endsWith(" column");
  const [table, column] = isColumn ? tableAndColumn(name) : [name, ""];
  const target = isColumn ? "table" : targets[kind];
  if (target === undefined) return [commented(`${kind} ${name}: privileges are to be changed by hand`)];
  const owner = wanted?.get("owner") ?? "";
  const formerOwner = found?.get("owner") ?? owner;
  const rename = (role: string): string => (role === formerOwner ? owner : role);
  const [give, giveOdd] = readGrants(wanted?.get("privileges") ?? "", owner, (role) => role, isColumn);
  const [has, hasOdd] = readGrants(found?.get("privileges") ?? "", owner, rename, isColumn);
  if (found === undefined && !isColumn) {
    if (ofPublic[kind] !== undefined) has.set("", new Map([[ofPublic[kind], false]]));
    has.set(owner, give.get(owner) ?? new Map());
  }
  const of = (letter: string): string => `${words[letter] ?? letter}${isColumn ? ` (${column})` : ""}`;
  const on = `on ${target} ${table}`;
  const statements: Statement[] = [];
  for (const grantee of new Set([...has.keys(), ...give.keys()])) {
    const [to, before, after] = [roleSql(grantee), has.get(grantee), give.get(grantee)];
    const taken = [...(before?.keys() ?? [])].filter((letter) => after?.has(letter) !== true);
    if (taken.length > 0) statements.push(`revoke ${taken.map(of).join(", ")} ${on} from ${to}`);
    for (const [letter, mayHandOn] of after ?? []) {
      const had = before?.get(letter);
      if (had === true && !mayHandOn) statements.push(`revoke grant option for ${of(letter)} ${on} from ${to}`);
      if (had === undefined || (mayHandOn && !had))
        statements.push(`grant ${of(letter)} ${on} to ${to}${mayHandOn ? " with grant option" : ""}`);
    }
  }
  if (giveOdd || hasOdd)
    statements.push(commented(`${kind} ${name}: some privileges were granted by others than the owner`));
  return statements;
}

function readGrants(
  text: string,
  owner: string,
  rename: (role: string) => string,
  isColumn: boolean,
): [grants: Grants, hasOtherGrantors: boolean] {
  const grants: Grants = new Map();
  let hasOtherGrantors = false;
  for (const line of text.split("\n").filter((one) => one !== "")) {
    const match = /^("(?:[^"]|"")*"|[^=]*)=([a-zA-Z*]*)\/(.*)$/s.exec(line);
    if (match === null) continue;
    const [grantee, letters, grantor] = [rename(unquoted(match[1]!)), match[2]!, rename(unquoted(match[3]!))];
    // Facts of a column do not say whose table it is.
    if (!isColumn && grantor !== owner) hasOtherGrantors = true;
    const given = grants.get(grantee) ?? new Map<string, boolean>();
    for (const [, letter, star] of letters.matchAll(/([a-zA-Z])(\*?)/g)) given.set(letter!, star === "*");
    grants.set(grantee, given);
  }
  return [grants, hasOtherGrantors];
}

const unquoted = (role: string): string => (role.startsWith('"') ? role.slice(1, -1).replaceAll('""', '"') : role);
const roleSql = (role: string): string => (role === "" ? "public" : quoted(role));
