import { hasOwner } from "../../archive/owned-object.ts";
import type { TocEntry } from "../../archive/toc-entry.ts";
import type { NameDecoder } from "../../dump/name-decoder.ts";
import type { SelectedEntry } from "../select/select-entries.ts";
import { nameOfToken, sqlTokens } from "./sql-tokens.ts";

/** Roles that a restore needs, by what it needs them for. Unicode. */
export interface MentionedRoles {
  readonly owners: ReadonlySet<string>;
  readonly privileges: ReadonlySet<string>;
  /** Policies, user mappings, default privileges, settings of the database. */
  readonly definitions: ReadonlySet<string>;
}

/** Words that stand where a role could; in quotes they are roles, unlike `public`, which servers take for no name. */
const pseudoRoles: ReadonlySet<string> = new Set(["current_user", "session_user", "current_role", "user"]);

export function mentionedRoles(
  selected: readonly SelectedEntry[],
  noOwner: boolean,
  decode: NameDecoder,
): MentionedRoles {
  const owners = new Set<string>();
  const privileges = new Set<string>();
  const definitions = new Set<string>();
  for (const { entry } of selected) {
    if (!noOwner && hasOwner(entry)) owners.add(decode(entry.owner));
    const target = entry.desc === "ACL" || entry.desc === "DEFAULT ACL" ? privileges : definitions;
    for (const role of rolesOfDefinition(entry, decode)) target.add(role);
  }
  return { owners, privileges, definitions };
}

function rolesOfDefinition(entry: TocEntry, decode: NameDecoder): string[] {
  const tokens = (): string[] => sqlTokens(decode(entry.definition ?? ""));
  switch (entry.desc) {
    case "ACL":
    case "DEFAULT ACL":
      return rolesAfter(tokens(), [["TO"], ["FROM"], ["FOR", "ROLE"], ["SESSION", "AUTHORIZATION"]]);
    case "POLICY":
      return rolesAfter(tokens(), [["TO"]]);
    case "USER MAPPING":
      return rolesAfter(tokens(), [["MAPPING", "FOR"]]);
    case "DATABASE PROPERTIES":
      return rolesAfter(tokens(), [["ALTER", "ROLE"]]);
    default:
      return [];
  }
}

/** Names in the lists that follow certain words outside of parentheses. */
function rolesAfter(tokens: readonly string[], leads: readonly (readonly string[])[]): string[] {
  const roles: string[] = [];
  let depth = 0;
  tokens.forEach((token, index) => {
    if (token === "(") depth += 1;
    else if (token === ")") depth -= 1;
    else if (depth === 0 && leads.some((lead) => endsWith(tokens, index, lead)))
      roles.push(...listAt(tokens, index + 1));
  });
  return roles;
}

function endsWith(tokens: readonly string[], index: number, lead: readonly string[]): boolean {
  return lead.every((word, offset) => tokens[index - lead.length + 1 + offset] === word);
}

function listAt(tokens: readonly string[], start: number): string[] {
  const names: string[] = [];
  for (let at = start; ; at += 2) {
    const token = tokens[at];
    const name = nameOfToken(token);
    if (name === undefined) return names;
    const isRole = name !== "public" && (token!.startsWith('"') || !pseudoRoles.has(name));
    if (isRole) names.push(name);
    if (tokens[at + 1] !== ",") return names;
  }
}
