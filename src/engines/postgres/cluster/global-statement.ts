import { isWord, literalOf, nameOf, type SqlToken, sqlTokens } from "./sql-tokens.ts";

/** A statement of a script of globals, as pg_dumpall writes them. Text is binary strings. */
export type GlobalStatement =
  | { readonly kind: "create-role"; readonly sql: string; readonly role: string }
  | { readonly kind: "role-attributes"; readonly sql: string; readonly role: string; readonly attributes: Attributes }
  | { readonly kind: "membership"; readonly sql: string; readonly grant: MembershipGrant }
  | { readonly kind: "create-tablespace"; readonly sql: string; readonly space: NamedSpace }
  /** Settings, comments, labels, privileges. */
  | { readonly kind: "of-role" | "of-tablespace"; readonly sql: string }
  /** What holds for the session only. */
  | { readonly kind: "session"; readonly sql: string };

/** `LOGIN`, `CONNECTION LIMIT 7`, `PASSWORD '...'`: each as it stands there. */
export type Attributes = readonly string[];

export interface MembershipGrant {
  readonly role: string;
  readonly member: string;
  readonly hasAdminOption: boolean;
  readonly inherits: boolean | undefined;
  readonly maySet: boolean | undefined;
  readonly grantor: string | undefined;
}

export interface NamedSpace {
  readonly name: string;
  readonly owner: string | undefined;
  readonly location: string;
}

/** Answers undefined for a statement that no script of globals holds. */
export function parseGlobalStatement(sql: string): GlobalStatement | undefined {
  const all = sqlTokens(sql);
  if (all.at(-1)?.text !== ";") return undefined;
  const tokens = all.slice(0, -1);
  const [first, second, third, fourth] = tokens;
  const name = nameOf(third);
  if (isWord(first, "SET")) return { kind: "session", sql };
  if (name === undefined) return undefined;
  if (isWord(first, "CREATE") && isWord(second, "ROLE")) {
    return tokens.length === 3 ? { kind: "create-role", sql, role: name } : undefined;
  }
  if (isWord(first, "ALTER") && isWord(second, "ROLE")) {
    if (isWord(fourth, "SET")) return { kind: "of-role", sql };
    const attributes = isWord(fourth, "WITH") ? attributesOf(sql, tokens.slice(4)) : undefined;
    return attributes === undefined ? undefined : { kind: "role-attributes", sql, role: name, attributes };
  }
  if (isWord(first, "CREATE") && isWord(second, "TABLESPACE")) return tablespaceOf(sql, name, tokens.slice(3));
  if (isWord(first, "ALTER") && isWord(second, "TABLESPACE") && isWord(fourth, "SET")) {
    return { kind: "of-tablespace", sql };
  }
  if (isWord(first, "GRANT") && isWord(third, "TO")) return membershipOf(sql, tokens);
  return describing(sql, tokens);
}

/** Statements ON something: the word behind ON says what they belong to. */
function describing(sql: string, tokens: readonly SqlToken[]): GlobalStatement | undefined {
  const [first] = tokens;
  if (!["COMMENT", "SECURITY", "GRANT", "REVOKE"].some((word) => isWord(first, word))) return undefined;
  const object = tokens[tokens.findIndex((token) => isWord(token, "ON")) + 1];
  if (isWord(object, "ROLE") || isWord(object, "PARAMETER")) return { kind: "of-role", sql };
  return isWord(object, "TABLESPACE") ? { kind: "of-tablespace", sql } : undefined;
}

/** Words that a value follows, and how many tokens in all. */
const attributeLengths: Readonly<Record<string, number>> = { CONNECTION: 3, PASSWORD: 2, VALID: 3 };

function attributesOf(sql: string, tokens: readonly SqlToken[]): Attributes | undefined {
  const attributes: string[] = [];
  for (let at = 0; at < tokens.length; ) {
    const token = tokens[at]!;
    const length = attributeLengths[token.text.toUpperCase()] ?? 1;
    const last = tokens[at + length - 1];
    if (token.kind !== "word" || last === undefined) return undefined;
    attributes.push(sql.slice(token.start, last.end));
    at += length;
  }
  return attributes;
}

function tablespaceOf(sql: string, name: string, rest: readonly SqlToken[]): GlobalStatement | undefined {
  const hasOwner = isWord(rest[0], "OWNER");
  const owner = hasOwner ? nameOf(rest[1]) : undefined;
  const [word, literal, ...others] = rest.slice(hasOwner ? 2 : 0);
  const location = literalOf(literal);
  if (!isWord(word, "LOCATION") || location === undefined || others.length > 0) return undefined;
  return { kind: "create-tablespace", sql, space: { name, owner, location } };
}

function membershipOf(sql: string, tokens: readonly SqlToken[]): GlobalStatement | undefined {
  const [role, member] = [nameOf(tokens[1]), nameOf(tokens[3])];
  const isWhole = tokens.length === 4 || isWord(tokens[4], "WITH") || isWord(tokens[4], "GRANTED");
  if (role === undefined || member === undefined || !isWhole) return undefined;
  const by = tokens.findIndex((token, at) => at > 3 && isWord(token, "GRANTED"));
  const options = tokens.slice(4, by < 0 ? undefined : by);
  const behind = (word: string): SqlToken | undefined =>
    options[options.findIndex((token) => isWord(token, word)) + 1 || options.length];
  const flag = (word: string): boolean | undefined => {
    const value = behind(word);
    return value === undefined ? undefined : isWord(value, "TRUE");
  };
  const grantor = by < 0 ? undefined : nameOf(tokens[by + 2]);
  const grant = { role, member, grantor, inherits: flag("INHERIT"), maySet: flag("SET") };
  return { kind: "membership", sql, grant: { ...grant, hasAdminOption: isWord(behind("ADMIN"), "OPTION") } };
}
