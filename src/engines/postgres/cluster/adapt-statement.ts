import type { GlobalsRequest } from "../../../ports/cluster.ts";
import { quoteIdentifier, quoteLiteral } from "../sql/quote.ts";
import type { GlobalStatement, MembershipGrant } from "./global-statement.ts";

/** What a script of globals meets. Names are binary strings. */
export interface GlobalsTarget {
  readonly isSuperuser: boolean;
  /** From 16 on. */
  readonly membershipOptions: boolean;
  readonly roles: ReadonlySet<string>;
  readonly tablespaces: ReadonlySet<string>;
}

export interface GlobalsChoice extends Omit<GlobalsRequest, "connection" | "tablespaceMap"> {
  /** New folders by the names of tablespaces. */
  readonly locations: ReadonlyMap<string, string>;
}

/**
 * What only superusers may say, also where it is no change: as new roles are without it, it is left out for others.
 * The rest of what new roles have is no harm, but in 16 and newer saying it takes having the right oneself.
 */
const saidOfNewRoles: ReadonlySet<string> = new Set([
  "NOSUPERUSER",
  "INHERIT",
  "NOCREATEROLE",
  "NOCREATEDB",
  "NOLOGIN",
  "NOREPLICATION",
  "NOBYPASSRLS",
]);

/** The statement as the target takes it; undefined when there is nothing to do. */
export function adaptStatement(
  statement: GlobalStatement,
  target: GlobalsTarget,
  choice: GlobalsChoice,
): string | undefined {
  switch (statement.kind) {
    case "session":
      return undefined;
    case "create-role":
      return choice.roles && !target.roles.has(statement.role) ? statement.sql : undefined;
    case "role-attributes":
      return choice.roles ? adaptAttributes(statement, target, choice) : undefined;
    case "membership":
      if (!choice.roles) return undefined;
      return target.membershipOptions ? statement.sql : membershipSql({ ...statement.grant, ...before16 });
    case "create-tablespace": {
      const { name, owner, location } = statement.space;
      if (!choice.tablespaces || target.tablespaces.has(name)) return undefined;
      const folder = choice.locations.get(name) ?? location;
      const by = owner === undefined ? "" : ` OWNER ${quoteIdentifier(owner)}`;
      return `CREATE TABLESPACE ${quoteIdentifier(name)}${by} LOCATION ${quoteLiteral(folder)};`;
    }
    case "of-role":
      return choice.roles && isWanted(statement.sql, choice) ? statement.sql : undefined;
    case "of-tablespace":
      return choice.tablespaces && isWanted(statement.sql, choice) ? statement.sql : undefined;
    default:
      return statement satisfies never;
  }
}

/** Comments, labels and privileges may be left out. */
function isWanted(sql: string, { noComments, noSecurityLabels, noPrivileges }: GlobalsChoice): boolean {
  if (/^COMMENT\s/i.test(sql)) return noComments !== true;
  if (/^SECURITY\s/i.test(sql)) return noSecurityLabels !== true;
  return noPrivileges !== true || !/^(?:GRANT|REVOKE|SET)\s/i.test(sql);
}

const before16 = { inherits: undefined, maySet: undefined, grantor: undefined };

/** A grant of a membership in nobody's name but one's own. */
export function withoutGrantor(grant: MembershipGrant): string {
  return membershipSql({ ...grant, grantor: undefined });
}

function membershipSql({ role, member, hasAdminOption, inherits, maySet, grantor }: MembershipGrant): string {
  const options = [
    ...(hasAdminOption ? ["ADMIN OPTION"] : []),
    ...(inherits === undefined ? [] : [`INHERIT ${word(inherits)}`]),
    ...(maySet === undefined ? [] : [`SET ${word(maySet)}`]),
  ];
  const granted = options.length === 0 ? "" : ` WITH ${options.join(", ")}`;
  const by = grantor === undefined ? "" : ` GRANTED BY ${quoteIdentifier(grantor)}`;
  return `GRANT ${quoteIdentifier(role)} TO ${quoteIdentifier(member)}${granted}${by};`;
}

function word(value: boolean): string {
  return value ? "TRUE" : "FALSE";
}

function adaptAttributes(
  { role, attributes }: Extract<GlobalStatement, { readonly kind: "role-attributes" }>,
  target: GlobalsTarget,
  choice: GlobalsChoice,
): string | undefined {
  const kept = attributes.filter((attribute) => {
    if (/^PASSWORD\s/i.test(attribute)) return choice.rolePasswords;
    return target.isSuperuser || !saidOfNewRoles.has(attribute.toUpperCase());
  });
  return kept.length === 0 ? undefined : `ALTER ROLE ${quoteIdentifier(role)} WITH ${kept.join(" ")};`;
}

/** A statement for messages and logs: without the hash of a password. */
export function withoutSecrets(sql: string): string {
  return sql.replaceAll(/\bPASSWORD\s+(?:[Ee]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*')/g, "PASSWORD '...'");
}
