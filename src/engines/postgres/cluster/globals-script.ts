import { checkRestrictKey, oneLine, randomRestrictKey } from "../archive/script-text.ts";
import { privilegeStatements } from "../sql/privilege-statements.ts";
import { quoteIdentifier, quoteLiteral } from "../sql/quote.ts";
import { settingLiterals } from "../sql/setting-list.ts";
import type {
  Globals,
  Membership,
  ParameterPrivileges,
  Role,
  RoleSetting,
  SharedLabel,
  Tablespace,
} from "./globals.ts";
import { orderMemberships } from "./membership-order.ts";

/**
 * The script that makes the globals again, as pg_dumpall --globals-only writes it and psql runs it: a binary string.
 * Only settings of everybody (`ALTER ROLE ALL SET`) are added, which pg_dumpall forgets.
 */
export function globalsScript(
  globals: Globals,
  session: { readonly encoding: string; readonly restrictKey?: string },
): string {
  const key = session.restrictKey === undefined ? randomRestrictKey() : checkRestrictKey(session.restrictKey);
  return [
    `${comment("PostgreSQL database cluster dump")}\n`,
    `\\restrict ${key}\n\n`,
    "SET default_transaction_read_only = off;\n\n",
    `SET client_encoding = ${quoteLiteral(session.encoding)};\nSET standard_conforming_strings = on;\n\n`,
    section("Roles", [...globals.roles.map(roleStatements), settingsText(globals.settings)]),
    section("Role memberships", membershipStatements(globals.memberships)),
    section("Role privileges on configuration parameters", globals.parameters.map(parameterStatements)),
    section("Tablespaces", globals.tablespaces.map(tablespaceStatements)),
    `\\unrestrict ${key}\n\n`,
    `${comment("PostgreSQL database cluster dump complete")}\n`,
  ].join("");
}

/** Stands in the roles' section, behind all roles: a setting may name any of them. */
function settingsText(settings: readonly RoleSetting[]): string {
  const parts = [...Map.groupBy(settings, ({ role }) => role)].map(([role, ofRole]) => {
    const title = comment(`User Config "${role === null ? "ALL" : oneLine(role)}"`);
    return `\n${title}\n${ofRole.map(settingStatement).join("")}`;
  });
  return parts.length === 0 ? "" : `\n${comment("User Configurations")}${parts.join("")}`;
}

function section(title: string, statements: readonly string[]): string {
  return statements.length === 0 ? "" : `${comment(title)}\n${statements.join("")}\n\n`;
}

function comment(text: string): string {
  return `--\n-- ${text}\n--\n`;
}

function roleStatements(role: Role): string {
  const name = quoteIdentifier(role.name);
  const attributes = [
    word(role.isSuperuser, "SUPERUSER"),
    word(role.inherits, "INHERIT"),
    word(role.createsRoles, "CREATEROLE"),
    word(role.createsDatabases, "CREATEDB"),
    word(role.canLogIn, "LOGIN"),
    word(role.replicates, "REPLICATION"),
    word(role.bypassesRowSecurity, "BYPASSRLS"),
    ...(role.connectionLimit === "-1" ? [] : [`CONNECTION LIMIT ${role.connectionLimit}`]),
    ...(role.password === null ? [] : [`PASSWORD ${quoteLiteral(role.password)}`]),
    ...(role.validUntil === null ? [] : [`VALID UNTIL ${quoteLiteral(role.validUntil)}`]),
  ];
  const subject = `ROLE ${name}`;
  return `CREATE ${subject};\nALTER ${subject} WITH ${attributes.join(" ")};\n${describing(subject, role)}`;
}

function word(has: boolean, attribute: string): string {
  return has ? attribute : `NO${attribute}`;
}

function settingStatement({ role, name, value }: RoleSetting): string {
  const subject = role === null ? "ALL" : quoteIdentifier(role);
  return `ALTER ROLE ${subject} SET ${quoteIdentifier(name)} TO ${settingLiterals(name, value, quoteLiteral)};\n`;
}

function membershipStatements(memberships: readonly Membership[]): string[] {
  return orderMemberships(memberships).ordered.map(({ role, member, hasAdminOption, since16 }) => {
    const options = [
      ...(hasAdminOption ? ["ADMIN OPTION"] : []),
      ...(since16 === undefined ? [] : [`INHERIT ${since16.inherits ? "TRUE" : "FALSE"}`]),
      ...(since16?.maySet === false ? ["SET FALSE"] : []),
    ];
    const by = since16 === undefined ? "" : ` GRANTED BY ${quoteIdentifier(since16.grantor)}`;
    const granted = options.length === 0 ? "" : ` WITH ${options.join(", ")}`;
    return `GRANT ${quoteIdentifier(role)} TO ${quoteIdentifier(member)}${granted}${by};\n`;
  });
}

function parameterStatements({ name, owner, privileges, defaultPrivileges }: ParameterPrivileges): string {
  const subject = `PARAMETER ${quoteIdentifier(name)}`;
  return privilegeStatements({ kind: "PARAMETER", subject, owner }, defaultPrivileges, privileges);
}

function tablespaceStatements(space: Tablespace): string {
  const name = quoteIdentifier(space.name);
  const subject = `TABLESPACE ${name}`;
  return [
    `CREATE ${subject} OWNER ${quoteIdentifier(space.owner)} LOCATION ${quoteLiteral(space.location)};\n`,
    space.options.length === 0 ? "" : `ALTER ${subject} SET (${space.options.join(", ")});\n`,
    privilegeStatements({ kind: "TABLESPACE", subject, owner: space.owner }, space.defaultPrivileges, space.privileges),
    describing(subject, space),
  ].join("");
}

function describing(subject: string, what: { comment: string | null; labels: readonly SharedLabel[] }): string {
  const said = what.comment === null ? "" : `COMMENT ON ${subject} IS ${quoteLiteral(what.comment)};\n`;
  const labels = what.labels.map(
    ({ provider, label }) =>
      `SECURITY LABEL FOR ${quoteIdentifier(provider)} ON ${subject} IS ${quoteLiteral(label)};\n`,
  );
  return said + labels.join("");
}
