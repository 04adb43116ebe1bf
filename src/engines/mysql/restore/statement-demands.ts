/** What a statement needs of the server beyond room. Names are Unicode. */
export interface Demand {
  readonly kind:
    | "collation"
    | "character set"
    | "engine"
    | "definer"
    | "function"
    | "trigger"
    | "keyless table"
    | "setting";
  readonly name: string;
  readonly line: number;
  /** Of a backup of several scripts. */
  readonly file?: string;
}

const definer = /\bDEFINER\s*=\s*((?:`(?:[^`]|``)*`|'[^']*'|\w+)\s*@\s*(?:`(?:[^`]|``)*`|'[^']*'|[\w.%]+))/i;
const collation = /\bCOLLATE[\s=]+['"`]?(\w+)/gi;
const characterSet = /\b(?:CHARSET|CHARACTER\s+SET)[\s=]+['"`]?(\w+)/gi;
const engine = /\bENGINE\s*=\s*['"`]?(\w+)/gi;
const created =
  /^CREATE\b(?:(?!\b(?:AS|BEGIN|SELECT)\b).){0,600}?\b(TABLE|FUNCTION|PROCEDURE|TRIGGER|EVENT|VIEW|DATABASE|SCHEMA|PACKAGE|SEQUENCE)\b/is;
/** Names of things in statements that define tables. Not the stand-ins of views, which have no key by nature. */
const kindsOfRelations = new Set(["TABLE", "VIEW", "SEQUENCE"]);
const relationName =
  /^[\s*/]+(?:IF\s+NOT\s+EXISTS\s+)?(?:(?:`(?:[^`]|``)+`|[\w$\x80-\xff]+)\s*\.\s*)?(?:`((?:[^`]|``)+)`|([\w$\x80-\xff]+))/i;
const primaryKey = /\bPRIMARY\s+KEY\b/i;
const safeFunction = /\b(?:DETERMINISTIC|NO\s+SQL|READS\s+SQL\s+DATA)\b/i;

/**
 * @param head how it begins, without the openers of conditional comments; a binary string as `sql` is
 */
export function* demandsOf(head: string, sql: string, line: number): Generator<Demand> {
  const set = /^SET\b.*?\bsql_require_primary_key\s*=\s*0/is.test(head);
  if (set) yield { kind: "setting", name: "sql_require_primary_key", line };
  const what = created.exec(head)?.[1]?.toUpperCase();
  if (what === undefined) return;
  // Literals hold anything.
  const bare = what === "TABLE" ? sql.replaceAll(/'(?:[^'\\]|\\.|'')*'/gs, "''") : head;
  const owner = definer.exec(head)?.[1];
  if (owner !== undefined) yield { kind: "definer", name: unquoted(owner), line };
  if (what === "TABLE" || what === "DATABASE" || what === "SCHEMA") {
    for (const [, name] of bare.matchAll(collation)) yield { kind: "collation", name: name!.toLowerCase(), line };
    for (const [, name] of bare.matchAll(characterSet))
      yield { kind: "character set", name: name!.toLowerCase(), line };
  }
  if (what === "TABLE") {
    for (const [, name] of bare.matchAll(engine)) yield { kind: "engine", name: name!.toUpperCase(), line };
    if (!primaryKey.test(bare)) yield { kind: "keyless table", name: "", line };
  }
  if (what === "FUNCTION") yield { kind: "function", name: safeFunction.test(sql) ? "safe" : "any", line };
  if (what === "TRIGGER") yield { kind: "trigger", name: "", line };
}

/**
 * The table, view or sequence that a statement makes.
 * @param head as `headOf` answers it
 */
export function relationOf(head: string): string | undefined {
  const found = created.exec(head);
  if (found === null || !kindsOfRelations.has(found[1]!.toUpperCase())) return undefined;
  const [, quoted, bare] = relationName.exec(head.slice(found[0].length)) ?? [];
  const name = quoted?.replaceAll("``", "`") ?? bare;
  return name === undefined ? undefined : Buffer.from(name, "latin1").toString();
}

/** `user@host`, without quotes. */
function unquoted(account: string): string {
  const text = account.replaceAll(/`((?:[^`]|``)*)`|'([^']*)'/g, (_, backticks?: string, quoted?: string) =>
    (backticks ?? quoted ?? "").replaceAll("``", "`"),
  );
  return Buffer.from(text.replace(/\s*@\s*/, "@"), "latin1").toString();
}
