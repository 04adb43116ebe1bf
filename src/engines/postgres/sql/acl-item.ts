/** One entry of an access control list: who may do what, by whose grant. Role names are unquoted. */
export interface AclItem {
  /** Empty for PUBLIC. */
  readonly grantee: string;
  readonly grantor: string;
  /** Letter of each privilege, with whether it may be granted on. In the order of the text. */
  readonly privileges: readonly { readonly letter: string; readonly grantable: boolean }[];
}

/**
 * Reads the text of an `aclitem`: `grantee=letters/grantor`, a `*` after a letter is its grant option.
 * Source of the format: "Privileges" in PostgreSQL's manual.
 */
export function parseAclItem(text: string): AclItem {
  const grantee = roleName(text, 0, "=");
  const slash = text.indexOf("/", grantee.end);
  if (text[grantee.end] !== "=" || slash < 0) throw malformed(text);
  const grantor = roleName(text, slash + 1, "");
  if (grantor.end !== text.length) throw malformed(text);
  const letters = text.slice(grantee.end + 1, slash);
  if (!/^([A-Za-z]\*?)*$/.test(letters)) throw malformed(text);
  return {
    grantee: grantee.name,
    grantor: grantor.name,
    privileges: [...letters.matchAll(/([A-Za-z])(\*?)/g)].map((match) => ({
      letter: match[1]!,
      grantable: match[2] === "*",
    })),
  };
}

/** The text of a grant of `letters` to `grantee` (empty: PUBLIC) by `grantor`. */
export function formatAclItem(grantee: string, letters: string, grantor: string): string {
  return `${aclRoleName(grantee)}=${letters}/${aclRoleName(grantor)}`;
}

function aclRoleName(name: string): string {
  return /^\w*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

function roleName(text: string, start: number, stop: string): { readonly name: string; readonly end: number } {
  let name = "";
  let at = start;
  while (at < text.length && text[at] !== stop) {
    if (text[at] !== '"') {
      name += text[at++];
      continue;
    }
    at++;
    while (text[at] !== '"' || text[at + 1] === '"') {
      if (at >= text.length) throw malformed(text);
      if (text[at] === '"') at++;
      name += text[at++];
    }
    at++;
  }
  return { name, end: at };
}

function malformed(text: string): Error {
  return new Error(`not the text of an aclitem: ${text.slice(0, 200)}`);
}
