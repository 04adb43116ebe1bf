import { type AccountName, accountText } from "./account-name.ts";
import { StatementText } from "./statement-text.ts";

/** One way to prove who somebody is. */
export interface Authentication {
  readonly plugin: string;
  /** A hash, or what else the plugin wants; a literal as it was written. */
  readonly literal: string | undefined;
}

/** What a CREATE USER (or, of servers before CREATE USER IF NOT EXISTS, a GRANT USAGE) says of an account. */
export interface CreateUser {
  readonly account: AccountName;
  /** Any of them is enough (MariaDB). Undefined when nothing is said, or in words that are not known here. */
  readonly authentication: readonly Authentication[] | undefined;
  /** The clause itself; empty for none. */
  readonly identified: string;
  /** All behind it: TLS, limits, expiry, locks, comments. */
  readonly more: string;
}

/** Where the clause of passwords ends. */
const behindIdentified = new Set(["DEFAULT", "REQUIRE", "PASSWORD", "ACCOUNT", "COMMENT", "ATTRIBUTE", "WITH"]);

/** Reads a CREATE USER of one account. @returns undefined for any other statement */
export function readCreateUser(statement: StatementText): CreateUser | undefined {
  if (!statement.has(0, "CREATE", "USER")) return undefined;
  const { account, next } = statement.account(statement.has(2, "IF", "NOT", "EXISTS") ? 5 : 2);
  return readClauses(account, statement, next);
}

/** What stands behind the account's name. */
export function readClauses(account: AccountName, statement: StatementText, from: number): CreateUser {
  if (statement.word(from) !== "IDENTIFIED") {
    return { account, authentication: undefined, identified: "", more: withoutDefaultRoles(statement, from) };
  }
  let at = from + 2;
  const authentication: Authentication[] = [];
  let isKnown = true;
  if (statement.has(from, "IDENTIFIED", "BY", "PASSWORD")) {
    authentication.push({ plugin: "mysql_native_password", literal: statement.raw(from + 3) });
    at = from + 4;
  } else {
    for (;;) {
      const plugin = statement.value(at++);
      const hasText = ["AS", "USING"].includes(statement.word(at));
      authentication.push({ plugin, literal: hasText ? statement.raw(at + 1) : undefined });
      if (hasText) at += 2;
      if (statement.word(at) !== "OR") break;
      at++;
    }
  }
  // A second factor (AND IDENTIFIED ...) and whatever comes later.
  while (at < statement.length && !behindIdentified.has(statement.word(at))) {
    isKnown = false;
    at += statement.has(at, "IDENTIFIED", "WITH") ? 2 : 1;
  }
  return {
    account,
    authentication: isKnown ? authentication : undefined,
    identified: statement.between(from, at),
    more: withoutDefaultRoles(statement, at),
  };
}

/** The roles are granted later, and then made the default. */
function withoutDefaultRoles(statement: StatementText, from: number): string {
  const at = statement.find(from, "DEFAULT", "ROLE");
  if (at < 0) return statement.between(from);
  const { next } = statement.accounts(at + 2);
  return [statement.between(from, at), statement.between(next)].filter((part) => part !== "").join(" ");
}

/** @param verb `CREATE USER IF NOT EXISTS` or `ALTER USER` */
export function createUserText({ account, identified, more }: CreateUser, verb: string): string {
  return [verb, accountText(account), identified, more].filter((part) => part !== "").join(" ");
}

/** Plugins whose text is none of a password: a user of the operating system, a service of PAM, ... */
const withoutSecrets = new Set([
  "unix_socket",
  "auth_socket",
  "pam",
  "auth_pam",
  "auth_pam_compat",
  "authentication_pam",
  "named_pipe",
  "gssapi",
  "mysql_no_login",
]);

/** How servers of some version lock an account whose password is left out. */
export type Locking =
  /** ACCOUNT LOCK. */
  | "lock"
  /** Before MySQL 5.7 and MariaDB 10.4: a hash that no password has. */
  | "hash";

/**
 * The same without the hashes of passwords. An account without a password would let everybody in, so one that had one is
 * locked until somebody sets another.
 */
export function withoutPassword(create: CreateUser, locking: Locking): CreateUser {
  const { authentication, identified, more } = create;
  if (identified === "") return create;
  const kept = authentication?.filter(({ plugin }) => withoutSecrets.has(plugin.toLowerCase()));
  if (kept !== undefined && kept.length === authentication!.length) return create;
  if (authentication?.every(({ literal }) => literal === undefined || literal === "''")) return create;
  // Others than passwords still let in whom they should.
  if (kept !== undefined && kept.length > 0) return { ...create, authentication: kept, identified: viaText(kept) };
  if (locking === "hash") return lockedOut(create, locking);
  const plugin = /^IDENTIFIED WITH ('(?:[^'\\]|''|\\.)*')/.exec(identified)?.[1];
  return {
    ...create,
    authentication: undefined,
    identified: plugin === undefined ? "" : `IDENTIFIED WITH ${plugin}`,
    more: locked(more),
  };
}

/** An account into which nobody gets. */
export function lockedOut(create: CreateUser, locking: Locking): CreateUser {
  const nobody = { ...create, authentication: undefined };
  if (locking === "hash") return { ...nobody, identified: `IDENTIFIED BY PASSWORD '*${"0".repeat(40)}'` };
  return { ...nobody, identified: "", more: locked(create.more) };
}

/** MariaDB's grammar. */
export function viaText(all: readonly Authentication[]): string {
  const each = all.map(({ plugin, literal }) => `${plugin}${literal === undefined ? "" : ` USING ${literal}`}`);
  return `IDENTIFIED VIA ${each.join(" OR ")}`;
}

/** Both flavours want the lock behind TLS and limits; MariaDB before the expiry of passwords or behind it. */
export function locked(more: string): string {
  const statement = new StatementText(more);
  const at = statement.find(0, "ACCOUNT", "UNLOCK");
  if (at >= 0) return [statement.between(0, at), "ACCOUNT LOCK", statement.between(at + 2)].filter(Boolean).join(" ");
  return statement.find(0, "ACCOUNT", "LOCK") >= 0 ? more : [more, "ACCOUNT LOCK"].filter(Boolean).join(" ");
}
