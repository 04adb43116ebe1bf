import type { GrantText } from "../grant-text.ts";
import type { AccountsDialect } from "./accounts-dialect.ts";

/** A server for which rights are made to fit. */
export interface RightsTarget extends AccountsDialect {
  /** Names of its rights, in capitals. */
  readonly privileges: ReadonlySet<string>;
}

/** What an account has on the whole server. */
export interface ServerRights {
  /** Without columns, in capitals. */
  readonly names: ReadonlySet<string>;
  /** All that do not come from plugins or components: `ALL PRIVILEGES` of another server. */
  readonly isAll: boolean;
  /** It may give them to others. */
  readonly grants: boolean;
  /** What is taken away from it on single databases, and cannot be taken away there: it is not had at all. */
  readonly revoked: ReadonlySet<string>;
}

export interface RightsSource {
  /** MySQL 8 and newer: rights that come from plugins and components, each with a GRANT OPTION of its own. */
  readonly hasDynamicRights: boolean;
  readonly superIsDivided: boolean;
}

export interface ConvertedGrant {
  /** Undefined when nothing is left of it. */
  readonly sql: string | undefined;
  /** For people. */
  readonly changes: readonly string[];
}

/** What rights are called elsewhere; the first line of which a server knows every name counts, an empty one is what everybody may. */
const names: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "REPLICATION CLIENT": [["BINLOG MONITOR", "SLAVE MONITOR"]],
  "BINLOG MONITOR": [["REPLICATION CLIENT"]],
  "SLAVE MONITOR": [["REPLICATION CLIENT"]],
  "REPLICATION SLAVE ADMIN": [["REPLICATION_SLAVE_ADMIN"]],
  REPLICATION_SLAVE_ADMIN: [["REPLICATION SLAVE ADMIN"]],
  "BINLOG ADMIN": [["BINLOG_ADMIN"]],
  BINLOG_ADMIN: [["BINLOG ADMIN"]],
  "BINLOG REPLAY": [["REPLICATION_APPLIER"]],
  REPLICATION_APPLIER: [["BINLOG REPLAY"]],
  "CONNECTION ADMIN": [["CONNECTION_ADMIN"]],
  CONNECTION_ADMIN: [["CONNECTION ADMIN", "READ_ONLY ADMIN"]],
  "SET USER": [["SET_ANY_DEFINER", "ALLOW_NONEXISTENT_DEFINER"], ["SET_USER_ID"]],
  SET_USER_ID: [["SET_ANY_DEFINER", "ALLOW_NONEXISTENT_DEFINER"], ["SET USER"]],
  SET_ANY_DEFINER: [["SET USER"], ["SET_USER_ID"]],
  "SHOW CREATE ROUTINE": [["SHOW_ROUTINE"]],
  SHOW_ROUTINE: [["SHOW CREATE ROUTINE"]],
};

/** Where a server has one of these, the other right says nothing more: `CREATE USER` is enough for roles. */
const coveredBy: Readonly<Record<string, readonly string[]>> = {
  "CREATE ROLE": ["CREATE USER"],
  "DROP ROLE": ["CREATE USER"],
  ALLOW_NONEXISTENT_DEFINER: ["SET_ANY_DEFINER"],
  FLUSH_TABLES: ["RELOAD"],
  FLUSH_STATUS: ["RELOAD"],
  FLUSH_PRIVILEGES: ["RELOAD"],
  FLUSH_OPTIMIZER_COSTS: ["RELOAD"],
  FLUSH_USER_RESOURCES: ["RELOAD"],
  BACKUP_ADMIN: ["RELOAD"],
  XA_RECOVER_ADMIN: ["USAGE"],
};

/** What SUPER allowed before these had names. */
const partsOfSuper = [
  "BINLOG ADMIN",
  "BINLOG MONITOR",
  "BINLOG REPLAY",
  "CONNECTION ADMIN",
  "FEDERATED ADMIN",
  "READ_ONLY ADMIN",
  "REPLICATION MASTER ADMIN",
  "REPLICATION SLAVE ADMIN",
  "SET USER",
  "SLAVE MONITOR",
  "ALLOW_NONEXISTENT_DEFINER",
  "BINLOG_ADMIN",
  "CONNECTION_ADMIN",
  "ENCRYPTION_KEY_ADMIN",
  "REPLICATION_SLAVE_ADMIN",
  "SET_ANY_DEFINER",
  "SET_USER_ID",
  "SYSTEM_VARIABLES_ADMIN",
];

/** Of MySQL 8 and newer: they and nothing less come from `GRANT ALL`, besides those of plugins and components. */
const onlyOfAll = [
  "SUPER",
  "SHUTDOWN",
  "FILE",
  "CREATE TABLESPACE",
  "CREATE ROLE",
  "DROP ROLE",
  "CREATE USER",
  "PROCESS",
];

/** @param all rights without columns, in capitals */
export function isAllOfMysql(all: ReadonlySet<string>): boolean {
  return onlyOfAll.every((name) => all.has(name));
}

/** Makes rights fit a server. */
export function convertGrant(
  { verb, privileges, place, object, isOnObject, database, withGrantOption }: GrantText,
  grantee: string,
  {
    target,
    source,
    onServer,
  }: { readonly target: RightsTarget; readonly source: RightsSource; readonly onServer: ServerRights },
): ConvertedGrant {
  const [kind = ""] = /^(?:PACKAGE BODY|PACKAGE|LIBRARY)\b(?!\s*\.)/i.exec(place) ?? [];
  if (kind !== "" && !target.objectKinds.has(kind.toUpperCase())) {
    return {
      sql: undefined,
      changes: [`rights on ${kind.toLowerCase()} "${database}.${object}" are left out, for the server has none`],
    };
  }
  const isOnServer = place === "*.*" && verb === "GRANT";
  const kept = new Set<string>();
  const changes: string[] = [];
  const isOfPlugins = isOnServer && source.hasDynamicRights && privilegesOf(privileges).every((one) => /_/.test(one));
  if (isOnServer && onServer.isAll && target.flavour !== "mysql") {
    // The others are part of it.
    if (isOfPlugins) return { sql: undefined, changes };
    kept.add("ALL PRIVILEGES");
  } else {
    for (const privilege of privilegesOf(privileges)) {
      const { taken, change } = convertPrivilege(privilege, { target, source, onServer, isOnServer });
      for (const one of taken) kept.add(one);
      if (change !== undefined) changes.push(change);
    }
  }
  // On MySQL each of these may be given on for itself, elsewhere all that an account has on the server, or nothing.
  const losesOption = isOfPlugins && withGrantOption && target.flavour !== "mysql" && !onServer.grants;
  if (losesOption && kept.size > 0) changes.push("rights that come from plugins and components lose GRANT OPTION");
  const keepsOption = withGrantOption && !losesOption;
  if (kept.size === 0 && !keepsOption) return { sql: undefined, changes };
  const all = kept.size === 0 ? "USAGE" : [...kept].join(", ");
  const option = keepsOption ? " WITH GRANT OPTION" : "";
  const way = verb === "GRANT" ? "TO" : "FROM";
  const where = isOnObject || !isOnServer ? place : "*.*";
  return { sql: `${verb} ${all} ON ${where} ${way} ${grantee}${option}`, changes };
}

interface RightContext {
  readonly target: RightsTarget;
  readonly source: RightsSource;
  readonly onServer: ServerRights;
  readonly isOnServer: boolean;
}

interface TakenRight {
  readonly taken: readonly string[];
  readonly change?: string;
}

function convertPrivilege(privilege: string, { target, source, onServer, isOnServer }: RightContext): TakenRight {
  const name = nameOf(privilege);
  const { privileges } = target;
  if (name === "USAGE") return { taken: [] };
  if (isOnServer && onServer.revoked.has(name)) {
    return {
      taken: [],
      change: `right "${name}" is left out, which the server cannot take away on single databases as the backup does`,
    };
  }
  if (name === "ALL" || name === "ALL PRIVILEGES") return { taken: [privilege] };
  if (name === "SUPER") return superFor(target, source);
  if (name === "SYSTEM_VARIABLES_ADMIN" && target.superIsDivided) {
    return { taken: ["SUPER"], change: 'right "SYSTEM_VARIABLES_ADMIN" becomes "SUPER"' };
  }
  if (privileges.has(name)) return { taken: [privilege] };
  const covering = coveredBy[name]?.filter((one) => one === "USAGE" || onServer.names.has(one)) ?? [];
  if (covering.length > 0) return { taken: [] };
  const others = names[name]?.find((line) => line.every((one) => privileges.has(one)));
  // What plugins and components define is had on the whole server, or not at all.
  if (others !== undefined && (isOnServer || others.every((one) => !one.includes("_")))) {
    return { taken: others, change: `right "${name}" becomes ${quoted(others)}` };
  }
  return {
    taken: [],
    change: `right "${name}" is left out, which the server does not have${isOnServer ? "" : " there"}`,
  };
}

/** MySQL before 8 and MariaDB before 10.11 had one right for much that has names of its own since. */
function superFor(target: RightsTarget, source: RightsSource): TakenRight {
  const itself = target.privileges.has("SUPER") ? ["SUPER"] : [];
  if (source.superIsDivided && target.privileges.has("SYSTEM_VARIABLES_ADMIN")) {
    // There, it would allow the rest, too.
    return { taken: ["SYSTEM_VARIABLES_ADMIN"], change: 'right "SUPER" becomes "SYSTEM_VARIABLES_ADMIN"' };
  }
  const isTheSame = target.superIsDivided ? source.superIsDivided : source.hasDynamicRights;
  const parts = isTheSame ? [] : partsOfSuper.filter((part) => target.privileges.has(part));
  const taken = [...itself, ...parts];
  return parts.length === 0 ? { taken } : { taken, change: `right "SUPER" becomes ${quoted(taken)}` };
}

function quoted(all: readonly string[]): string {
  return all.map((name) => `"${name}"`).join(", ");
}

/** `SELECT (a, b)` without the columns, in capitals. */
function nameOf(privilege: string): string {
  return privilege.replace(/\s*\([\s\S]*$/, "").toUpperCase();
}

/** Of a GRANT on the whole server: without columns, in capitals. */
export function privilegeNames(privileges: string): string[] {
  return privilegesOf(privileges).map(nameOf);
}

/** Lists of columns hold commas, too, and names in backticks whatever they like. */
function privilegesOf(privileges: string): string[] {
  const parts = privileges.match(/(?:[^,(]|\((?:`(?:[^`]|``)*`|[^)`])*\))+/g) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}
