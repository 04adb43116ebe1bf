import { versionNumber } from "../../../../wire/mysql/identify-server.ts";
import type { MysqlFlavourName } from "../../../../wire/mysql/server-capabilities.ts";
import { type AccountName, accountText, isEverybody } from "../account-name.ts";
import { type AccountStatement, readAccountStatement } from "../account-statement.ts";
import { createUserText } from "../create-user.ts";
import type { AccountsOfScript } from "../read-accounts-script.ts";
import { superIsDivided } from "./accounts-dialect.ts";
import { type AuthenticationTarget, convertCreateUser } from "./convert-create-user.ts";
import {
  convertGrant,
  isAllOfMysql,
  privilegeNames,
  type RightsSource,
  type RightsTarget,
  type ServerRights,
} from "./convert-grant.ts";
import { RoleNames } from "./role-names.ts";

/** A server for which accounts are made to fit. */
export type AccountsConversionTarget = Omit<AuthenticationTarget, "source"> & RightsTarget;

/** A statement of a backup, and what a server is to run in its place. */
export interface ConvertedStatement {
  readonly original: AccountStatement;
  /** None when nothing is left of it; several for an account that is a role, too. */
  readonly statements: readonly AccountStatement[];
  /** What is other than in the backup, for people, without the name of the account. */
  readonly changes: readonly string[];
  /** Why there is nothing that the server could have in its place. */
  readonly impossible?: string;
}

/** Makes accounts, roles and rights of a backup fit a server. Pure. */
export function convertAccounts(
  { statements, serverVersion }: AccountsOfScript,
  target: AccountsConversionTarget,
  { passwords }: { readonly passwords: boolean },
): ConvertedStatement[] {
  const source: MysqlFlavourName = /mariadb/i.test(serverVersion) ? "mariadb" : "mysql";
  const version = versionNumber(serverVersion) ?? 0;
  const converter = new AccountsConverter(
    statements,
    { ...target, source },
    {
      passwords,
      rights: {
        hasDynamicRights: source === "mysql" && version >= 80_000,
        superIsDivided: superIsDivided(source, version),
      },
    },
  );
  return statements.map((statement) => converter.convert(statement));
}

class AccountsConverter {
  readonly #target: AuthenticationTarget & RightsTarget;
  readonly #options: { readonly passwords: boolean; readonly rights: RightsSource };
  readonly #names: RoleNames;
  readonly #onServer = new Map<string, ServerRights>();

  constructor(
    statements: readonly AccountStatement[],
    target: AuthenticationTarget & RightsTarget,
    options: { readonly passwords: boolean; readonly rights: RightsSource },
  ) {
    this.#target = target;
    this.#options = options;
    this.#names = new RoleNames(statements, target.source, target);
    const grants = statements.flatMap((statement) => (statement.kind === "grant" ? [statement] : []));
    for (const [account, all] of Map.groupBy(grants, (statement) => accountText(statement.account))) {
      this.#onServer.set(
        account,
        serverRights(
          all.map(({ grant }) => grant),
          target,
        ),
      );
    }
  }

  convert(original: AccountStatement): ConvertedStatement {
    const { user, role, changes, impossible } = this.#names.find(original.account);
    const isCreated = original.kind === "create-user" || original.kind === "create-role";
    if (impossible !== undefined)
      return { original, statements: [], changes: [], ...(isCreated ? { impossible } : {}) };
    const said = isCreated || isEverybody(original.account) ? changes : [];
    const converted = this.#converted(original, { user, role });
    const statements = converted.sql.map((sql) => (sql === original.sql ? original : readAccountStatement(sql)!));
    return { original, statements, changes: [...said, ...converted.changes] };
  }

  #converted(original: AccountStatement, there: There): Converted {
    switch (original.kind) {
      case "create-user": {
        const { create, changes } = convertCreateUser(original.create, this.#target, this.#options);
        const isSame = create === original.create || createUserText(create, "") === createUserText(original.create, "");
        const made = isSame ? original.sql : createUserText(create, "CREATE USER IF NOT EXISTS");
        return {
          sql: [...(there.user === undefined ? [] : [made]), ...createRole(there.role)],
          changes: there.user === undefined ? [] : changes,
        };
      }
      case "create-role":
        return { sql: createRole(there.role), changes: [] };
      case "alter-user":
        return this.#expiry(original, there);
      case "grant":
        return this.#grant(original, there);
      case "proxy":
        return this.#proxy(original, there);
      case "membership":
        return this.#membership(original, there);
      case "default-role":
        return this.#defaultRole(original, there);
    }
  }

  #expiry({ sql }: AccountStatement, { user }: There): Converted {
    if (user === undefined) return nothing;
    const isPlain = /\bPASSWORD EXPIRE$/.test(sql);
    if (isPlain || this.#target.settings.has("PASSWORD EXPIRE")) return { sql: [sql], changes: [] };
    return { sql: [], changes: ["the expiry of its password is left out, which the server does not have"] };
  }

  #grant(original: AccountStatement & { kind: "grant" }, there: There): Converted {
    const { target, source, onServer } = {
      target: this.#target,
      source: this.#options.rights,
      onServer: this.#onServer.get(accountText(original.account))!,
    };
    // What cannot be taken away is not given.
    if (original.grant.verb === "REVOKE" && !target.hasPartialRevokes) return nothing;
    const sql: string[] = [];
    const changes = new Set<string>();
    for (const grantee of granteesOf(there)) {
      const converted = convertGrant(original.grant, accountText(grantee), { target, source, onServer });
      if (converted.sql !== undefined) sql.push(converted.sql);
      for (const change of converted.changes) changes.add(change);
    }
    return { sql, changes: [...changes] };
  }

  #proxy(original: AccountStatement & { kind: "proxy" }, { user }: There): Converted {
    const proxied = this.#names.find(original.proxied);
    if (user !== undefined && proxied.user !== undefined) return { sql: [original.sql], changes: [] };
    return { sql: [], changes: ["to stand for others (PROXY) is left out, which roles of the server cannot do"] };
  }

  #membership(original: AccountStatement & { kind: "membership" }, there: There): Converted {
    const role = this.#roleThere(original.role);
    if (role === undefined) return nothing;
    const option = original.isAdmin ? " WITH ADMIN OPTION" : "";
    return {
      sql: granteesOf(there).map((member) => `GRANT ${accountText(role)} TO ${accountText(member)}${option}`),
      changes: [],
    };
  }

  #defaultRole(original: AccountStatement & { kind: "default-role" }, { user }: There): Converted {
    if (user === undefined) return nothing;
    const roles = original.roles.flatMap((role) => this.#roleThere(role) ?? []);
    const [first, ...others] = roles;
    if (first === undefined) return nothing;
    const names = roles.map(accountText);
    if (this.#target.roles === "accounts") {
      return { sql: [`ALTER USER ${accountText(user)} DEFAULT ROLE ${names.join(", ")}`], changes: [] };
    }
    const change = "of several default roles the first one stays: the others are to be set (SET ROLE)";
    return {
      sql: [`SET DEFAULT ROLE ${accountText(first)} FOR ${accountText(user)}`],
      changes: others.length === 0 ? [] : [change],
    };
  }

  /** Roles of MySQL are accounts there. */
  #roleThere(role: AccountName): AccountName | undefined {
    const there = this.#names.find(role);
    return there.role ?? there.user;
  }
}

interface There {
  readonly user: AccountName | undefined;
  readonly role: AccountName | undefined;
}

interface Converted {
  readonly sql: readonly string[];
  readonly changes: readonly string[];
}

const nothing: Converted = { sql: [], changes: [] };

function granteesOf({ user, role }: There): AccountName[] {
  return [user, role].filter((name) => name !== undefined);
}

function createRole(role: AccountName | undefined): string[] {
  return role === undefined ? [] : [`CREATE ROLE IF NOT EXISTS ${accountText(role)}`];
}

function serverRights(
  grants: readonly (AccountStatement & { kind: "grant" })["grant"][],
  { hasPartialRevokes }: RightsTarget,
): ServerRights {
  const onServer = grants.filter(({ verb, place }) => verb === "GRANT" && place === "*.*");
  const names = new Set(onServer.flatMap(({ privileges }) => privilegeNames(privileges)));
  const revokes = hasPartialRevokes ? [] : grants.filter(({ verb }) => verb === "REVOKE");
  const revoked = new Set(revokes.flatMap(({ privileges }) => privilegeNames(privileges)));
  // Whatever comes from plugins has no part in this.
  const grantable = onServer.some(
    ({ privileges, withGrantOption }) =>
      withGrantOption && privilegeNames(privileges).some((name) => !name.includes("_")),
  );
  return { names, isAll: isAllOfMysql(names) && revoked.size === 0, grants: grantable, revoked };
}
