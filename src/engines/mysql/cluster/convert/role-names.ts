import type { MysqlFlavourName } from "../../../../wire/mysql/server-capabilities.ts";
import { type AccountName, accountText, isEverybody, shownAccount } from "../account-name.ts";
import type { AccountStatement } from "../account-statement.ts";
import type { CreateUser } from "../create-user.ts";
import type { AccountsDialect } from "./accounts-dialect.ts";

/** What an account or role of a backup is on a server. */
export interface AccountThere {
  readonly user: AccountName | undefined;
  readonly role: AccountName | undefined;
  /** For people. */
  readonly changes: readonly string[];
  /** Why it is neither. */
  readonly impossible?: string;
}

/** A host from which nobody comes: roles are locked. */
const hostOfRoles = "role";

/** Finds names on a server for the accounts and roles of a backup, whose roles may be of the other kind. */
export class RoleNames {
  readonly #target: AccountsDialect;
  readonly #source: MysqlFlavourName;
  /** As statements name them. */
  readonly #users: ReadonlySet<string>;
  /** Of MySQL: what is granted to others, or made by CREATE ROLE. */
  readonly #roles: ReadonlySet<string>;
  /** Those of MySQL that nobody can log in as. */
  readonly #onlyRoles: ReadonlySet<string>;
  /** How many roles of MySQL have that name, whatever their host. */
  readonly #alike = new Map<string, number>();

  constructor(statements: readonly AccountStatement[], source: MysqlFlavourName, target: AccountsDialect) {
    this.#target = target;
    this.#source = source;
    const users = statements.flatMap((statement) => (statement.kind === "create-user" ? [statement] : []));
    this.#users = new Set(users.map(({ account }) => accountText(account)));
    const granted = new Set(
      statements.flatMap((statement) =>
        statement.kind === "membership"
          ? [accountText(statement.role)]
          : statement.kind === "default-role"
            ? statement.roles.map(accountText)
            : [],
      ),
    );
    this.#onlyRoles = new Set(
      users.flatMap(({ account, create }) => (isMadeAsRole(create) ? [accountText(account)] : [])),
    );
    this.#roles = new Set([...granted, ...this.#onlyRoles]);
    for (const { account } of users) {
      if (this.#roles.has(accountText(account)))
        this.#alike.set(account.user, (this.#alike.get(account.user) ?? 0) + 1);
    }
  }

  find(account: AccountName): AccountThere {
    if (isEverybody(account)) {
      const why = "what everybody may (PUBLIC) is left out, which the server does not have";
      const { hasPublic } = this.#target;
      return { user: undefined, role: hasPublic ? account : undefined, changes: hasPublic ? [] : [why] };
    }
    const there = this.#source === "mariadb" ? this.#ofMariadb(account) : this.#ofMysql(account);
    const name = there.user ?? there.role;
    const { maxNameLength } = this.#target;
    if (name === undefined || [...name.user].length <= maxNameLength) return there;
    const impossible = `account "${shownAccount(account)}": the server takes ${maxNameLength} characters of a name`;
    return { user: undefined, role: undefined, changes: [], impossible };
  }

  #ofMariadb(account: AccountName): AccountThere {
    if (account.host !== undefined) return { user: account, role: undefined, changes: [] };
    switch (this.#target.roles) {
      case "names":
        return { user: undefined, role: account, changes: [] };
      case "none":
        return this.#noRoles(account);
      case "accounts": {
        const usual = { user: account.user, host: "%" };
        if (!this.#users.has(accountText(usual))) return { user: undefined, role: usual, changes: [] };
        const role = { user: account.user, host: hostOfRoles };
        const change = `role "${account.user}" becomes "${shownAccount(role)}", for there is an account "${shownAccount(usual)}"`;
        return { user: undefined, role, changes: [change] };
      }
    }
  }

  #ofMysql(account: AccountName): AccountThere {
    const text = accountText(account);
    if (!this.#roles.has(text)) return { user: account, role: undefined, changes: [] };
    switch (this.#target.roles) {
      case "accounts":
        return { user: account, role: undefined, changes: [] };
      case "none":
        return this.#noRoles(account);
      case "names": {
        const isAlone = (this.#alike.get(account.user) ?? 0) <= 1;
        const role = { user: isAlone ? account.user : shownAccount(account), host: undefined };
        const isRole = this.#onlyRoles.has(text) || !this.#users.has(text);
        const kept = `role "${shownAccount(account)}" keeps its host as a part of its name, for there are others "${account.user}"`;
        const lost = account.host === "%" ? [] : [`role "${shownAccount(account)}" becomes "${role.user}"`];
        const renamed = isAlone ? lost : [kept];
        if (isRole) return { user: undefined, role, changes: renamed };
        const change = `account "${shownAccount(account)}", which is a role of others, becomes an account and a role "${role.user}"`;
        return { user: account, role, changes: [change] };
      }
    }
  }

  #noRoles(account: AccountName): AccountThere {
    const impossible = `role "${shownAccount(account)}": the server has no roles`;
    return { user: undefined, role: undefined, changes: [], impossible };
  }
}

/** As CREATE ROLE of MySQL makes accounts. */
function isMadeAsRole({ authentication, more }: CreateUser): boolean {
  const hasText = authentication?.some(({ literal }) => literal !== undefined && literal !== "''") ?? true;
  return !hasText && /\bACCOUNT LOCK\b/.test(more) && /\bPASSWORD EXPIRE(?! (?:DEFAULT|NEVER|INTERVAL))/.test(more);
}
