import { BackupError } from "../../../core/backup-error.ts";
import type { MysqlConnection, Row } from "../../../wire/mysql/connection.ts";
import type { MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import { MysqlServerError } from "../../../wire/mysql/server-error.ts";
import { isForbidden } from "../dump/snapshot/coordinates.ts";
import { quoteName, quoteText } from "../quote.ts";
import { type AccountName, accountText, isEverybody, isOfServer, shownAccount } from "./account-name.ts";
import { createUserText, type Locking, readClauses, readCreateUser, withoutPassword } from "./create-user.ts";
import { readGrantText } from "./grant-text.ts";
import { objectGrants } from "./object-grants.ts";
import { StatementText } from "./statement-text.ts";

/** The accounts of a server as statements, without their ends, in the order in which they go. */
export interface Accounts {
  readonly names: readonly AccountName[];
  readonly creates: readonly string[];
  /** On the server and on databases, and to stand for other accounts. */
  readonly grants: readonly string[];
  /** Who has which role. */
  readonly memberships: readonly string[];
  readonly defaultRoles: readonly string[];
  /** On tables, columns and routines, which must be there. */
  readonly objectGrants: readonly string[];
  /** Accounts in the tables that the server does not use, since it knows hosts by their addresses only. */
  readonly unused: readonly string[];
  /** Accounts with a second password, which no statement tells. */
  readonly secondPasswords: readonly string[];
  /** Accounts whose passwords are left out. */
  readonly withoutPasswords: readonly string[];
}

/** No such account, as far as the server uses its tables. */
const notUsed = new Set([1133, 1141, 1396]);

/**
 * Reads all accounts, roles and rights.
 * @throws BackupError AUTH when this account may not read the tables that hold them
 */
export async function readAccounts(
  connection: MysqlConnection,
  facts: MysqlServerFacts,
  { passwords }: { readonly passwords: boolean },
): Promise<Accounts> {
  const reader = new AccountReader(connection, facts, passwords);
  try {
    return await reader.read();
  } catch (error) {
    if (!isForbidden(error)) throw error;
    throw new BackupError({
      code: "AUTH",
      message: `user "${connection.spec.user}" may not read the accounts of the server`,
      object: "mysql.user",
      hint: "GRANT SELECT ON mysql.* TO this account, or back up single databases, which hold no accounts",
      cause: error,
    });
  }
}

class AccountReader {
  readonly #connection: MysqlConnection;
  readonly #facts: MysqlServerFacts;
  readonly #passwords: boolean;
  readonly #withoutPasswords: string[] = [];
  readonly #requirements = new Map<string, Requirement[]>();

  constructor(connection: MysqlConnection, facts: MysqlServerFacts, passwords: boolean) {
    this.#connection = connection;
    this.#facts = facts;
    this.#passwords = passwords;
  }

  async read(): Promise<Accounts> {
    const { variables } = this.#facts;
    // Hashes of caching_sha2_password hold bytes that are no text.
    if (variables.has("print_identified_with_as_hex")) {
      await this.#connection.query("SET SESSION print_identified_with_as_hex = 1");
    }
    const listed = await this.#list();
    const names: AccountName[] = [];
    const creates: string[] = [];
    const grants: string[] = [];
    const routineGrants: string[] = [];
    const unused: string[] = [];
    const onObjects = await objectGrants(this.#connection, this.#facts, listed);
    for (const account of listed) {
      try {
        const own = await this.#create(account);
        const shown = await this.#grants(account, onObjects.tablesOf(account));
        if (!isEverybody(account)) names.push(account);
        creates.push(...own);
        grants.push(...shown.grants);
        routineGrants.push(...onObjects.statementsOf(account), ...shown.routines);
      } catch (error) {
        if (!(error instanceof MysqlServerError) || !notUsed.has(error.number)) throw error;
        unused.push(shownAccount(account));
      }
    }
    const isUsed = new Set(names.map(shownAccount));
    const used = ({ user, host }: AccountName): boolean => isUsed.has(shownAccount({ user, host }));
    return {
      names,
      creates,
      grants: [...grants, ...(await this.#proxies(used))],
      memberships: await this.#memberships(used),
      defaultRoles: await this.#defaultRoles(used),
      objectGrants: routineGrants,
      unused,
      secondPasswords: await this.#secondPasswords(),
      withoutPasswords: this.#withoutPasswords,
    };
  }

  /** Roles of MariaDB first. */
  async #list(): Promise<AccountName[]> {
    const isMariadb = this.#facts.flavour === "mariadb";
    const role = isMariadb ? "is_role" : "'N'";
    const rows = await this.#rows(
      `SELECT User AS user, Host AS host, ${role} AS is_role, ssl_cipher, x509_issuer, x509_subject FROM mysql.user`,
    );
    const accounts = rows.map((row) => {
      const account = { user: row.user!, host: row.is_role === "Y" ? undefined : row.host! };
      this.#requirements.set(accountText(account), requirementsOf(row));
      return account;
    });
    return accounts.filter((account) => !isOfServer(account)).toSorted((a, b) => (sortText(a) < sortText(b) ? -1 : 1));
  }

  async #create(account: AccountName): Promise<string[]> {
    if (isEverybody(account)) return [];
    if (account.host === undefined) return [`CREATE ROLE IF NOT EXISTS ${accountText(account)}`];
    if (!this.#facts.capabilities.showCreateUser) return await this.#createFromTable(account);
    const rows = await this.#connection.query(`SHOW CREATE USER ${accountText(account)}`);
    const required = this.#requirements.get(accountText(account)) ?? [];
    return rows.rows.map(([shown]) => {
      const text = withRequirements((shown ?? "").toString(), required);
      const statement = new StatementText(text);
      const create = readCreateUser(statement);
      if (text.includes("\ufffd")) throw unreadable(account);
      // A second one, of MariaDB: ALTER USER ... PASSWORD EXPIRE.
      if (create === undefined) return text;
      const kept = this.#kept({ ...create, account }, "lock");
      return createUserText(kept, "CREATE USER IF NOT EXISTS");
    });
  }

  #kept(create: ReturnType<typeof readClauses>, locking: Locking): ReturnType<typeof readClauses> {
    if (this.#passwords) return create;
    const old = this.#facts.flavour === "mariadb" && this.#facts.version < 100_400;
    const kept = withoutPassword(create, old ? "hash" : locking);
    if (kept.identified !== create.identified) this.#withoutPasswords.push(shownAccount(create.account));
    return kept;
  }

  /** MySQL 5.6 has no statement that shows it, and makes accounts if they are not there by GRANT only. */
  async #createFromTable(account: AccountName): Promise<string[]> {
    const where = `User = ${quoteText(account.user)} AND Host = ${quoteText(account.host ?? "")}`;
    const [row] = await this.#rows(`SELECT * FROM mysql.user WHERE ${where}`);
    if (row === undefined) return [];
    const password = row.Password ?? "";
    const plugin = row.plugin ?? "";
    const text = row.authentication_string ?? "";
    const isNative = plugin === "" || plugin === "mysql_native_password" || plugin === "mysql_old_password";
    const identified = isNative
      ? password === ""
        ? ""
        : `IDENTIFIED BY PASSWORD ${quoteText(password)}`
      : `IDENTIFIED WITH ${quoteName(plugin)}${text === "" ? "" : ` AS ${quoteText(text)}`}`;
    const more = [...requirements(row), ...limits(row)].join(" ");
    const clauses = readClauses(account, new StatementText(`${identified} ${more}`), 0);
    const kept = this.#kept(clauses, "hash");
    return [
      createUserText({ ...kept, more }, "GRANT USAGE ON *.* TO"),
      ...(row.password_expired === "Y" ? [`ALTER USER ${accountText(account)} PASSWORD EXPIRE`] : []),
    ];
  }

  /** What is shown but for rights on tables, which come from their own table. */
  async #grants(account: AccountName, tables: readonly string[]): Promise<{ grants: string[]; routines: string[] }> {
    const rows = await this.#connection.query(`SHOW GRANTS FOR ${accountText(account)}`);
    const grants: string[] = [];
    const routines: string[] = [];
    for (const [shown] of rows.rows) {
      const text = withGrantee((shown ?? "").toString(), account);
      if (tables.some((table) => text.includes(` ON ${table} TO `))) continue;
      const statement = new StatementText(text);
      // They come from their own tables.
      if (statement.has(0, "GRANT", "PROXY") || statement.has(0, "SET", "DEFAULT") || isMembership(statement)) continue;
      const grant = readGrantText(statement);
      // What a role has by other roles is shown with them.
      if (account.host === undefined && grant !== undefined && !isSame(grant.grantee, account)) continue;
      if (grant === undefined || !isSame(grant.grantee, account)) throw unreadableGrant(account);
      if (grant.privileges.toUpperCase() === "USAGE" && !grant.withGrantOption) continue;
      const way = grant.verb === "GRANT" ? "TO" : "FROM";
      const option = grant.withGrantOption ? " WITH GRANT OPTION" : "";
      const sql = `${grant.verb} ${grant.privileges} ON ${grant.place} ${way} ${accountText(account)}${option}`;
      (grant.isOnObject ? routines : grants).push(sql);
    }
    return { grants, routines };
  }

  async #proxies(used: (account: AccountName) => boolean): Promise<string[]> {
    const rows = await this.#rows(
      "SELECT User AS user, Host AS host, Proxied_user AS proxied, Proxied_host AS at_host, With_grant AS grants FROM mysql.proxies_priv",
    );
    const statements = rows.flatMap(({ user, host, proxied, at_host: at, grants }) => {
      const account = { user: user!, host: host! };
      if (!used(account) || isOfInstallation(account, proxied!, at!)) return [];
      const option = grants === "1" ? " WITH GRANT OPTION" : "";
      return [`GRANT PROXY ON ${accountText({ user: proxied!, host: at! })} TO ${accountText(account)}${option}`];
    });
    return statements.toSorted();
  }

  async #memberships(used: (account: AccountName) => boolean): Promise<string[]> {
    if (!this.#facts.capabilities.roles) return [];
    const isMariadb = this.#facts.flavour === "mariadb";
    const rows = await this.#rows(
      isMariadb
        ? "SELECT User AS user, Host AS host, Role AS role, NULL AS role_host, Admin_option AS admin FROM mysql.roles_mapping"
        : "SELECT TO_USER AS user, TO_HOST AS host, FROM_USER AS role, FROM_HOST AS role_host, WITH_ADMIN_OPTION AS admin FROM mysql.role_edges",
    );
    const statements = rows.flatMap((row) => {
      const isRole = isMariadb && row.host === "" && used({ user: row.user!, host: undefined });
      const member: AccountName = { user: row.user!, host: isRole ? undefined : row.host! };
      if (!used(member) && !isEverybody(member)) return [];
      const role = accountText({ user: row.role!, host: row.role_host ?? undefined });
      return [`GRANT ${role} TO ${accountText(member)}${row.admin === "Y" ? " WITH ADMIN OPTION" : ""}`];
    });
    return statements.toSorted();
  }

  async #defaultRoles(used: (account: AccountName) => boolean): Promise<string[]> {
    if (!this.#facts.capabilities.roles) return [];
    if (this.#facts.flavour === "mariadb") {
      const rows = await this.#rows(
        "SELECT User AS user, Host AS host, default_role AS role FROM mysql.user WHERE default_role <> '' AND is_role = 'N'",
      );
      return rows
        .flatMap(({ user, host, role }) => {
          const account = { user: user!, host: host! };
          if (!used(account)) return [];
          return [`SET DEFAULT ROLE ${accountText({ user: role!, host: undefined })} FOR ${accountText(account)}`];
        })
        .toSorted();
    }
    const rows = await this.#rows(
      "SELECT USER AS user, HOST AS host, DEFAULT_ROLE_USER AS role, DEFAULT_ROLE_HOST AS role_host FROM mysql.default_roles ORDER BY DEFAULT_ROLE_USER, DEFAULT_ROLE_HOST",
    );
    const byAccount = Map.groupBy(rows, ({ user, host }) => accountText({ user: user!, host: host! }));
    return [...byAccount]
      .map(([account, all]) => {
        const roles = all.map(({ role, role_host: host }) => accountText({ user: role!, host: host! }));
        return `ALTER USER ${account} DEFAULT ROLE ${roles.join(", ")}`;
      })
      .toSorted();
  }

  async #secondPasswords(): Promise<string[]> {
    if (this.#facts.flavour !== "mysql" || !this.#facts.capabilities.roles) return [];
    const rows = await this.#rows(
      "SELECT CONCAT(User, '@', Host) AS name FROM mysql.user WHERE User_attributes->>'$.additional_password' IS NOT NULL",
    ).catch((error: unknown) => {
      // Before 8.0.14 there are none.
      if (error instanceof MysqlServerError && error.number === 1054) return [];
      throw error;
    });
    return rows.map(({ name }) => name!).toSorted();
  }

  #rows(sql: string): Promise<Row[]> {
    return this.#connection.rows(sql);
  }
}

function isSame(a: AccountName, b: AccountName): boolean {
  return a.user === b.user && a.host === b.host;
}

/** Every installation lets root stand for everybody, in a way that MariaDB has no statement for: another one would come beside it. */
function isOfInstallation({ user }: AccountName, proxied: string, host: string): boolean {
  return user === "root" && proxied === "" && host === "";
}

function sortText(account: AccountName): string {
  return `${account.host === undefined ? 0 : 1}${accountText(account)}`;
}

/** What a certificate must say. */
interface Requirement {
  readonly word: "SUBJECT" | "ISSUER" | "CIPHER";
  readonly value: string;
}

function requirementsOf(row: Row): Requirement[] {
  const all = [
    ["SUBJECT", row.x509_subject],
    ["ISSUER", row.x509_issuer],
    ["CIPHER", row.ssl_cipher],
  ] as const;
  return all.flatMap(([word, value]) =>
    value === null || value === undefined || value === "" ? [] : [{ word, value }],
  );
}

/** No server escapes these when it shows an account. */
function withRequirements(shown: string, required: readonly Requirement[]): string {
  return required.reduce(
    (text, { word, value }) => text.replace(`${word} '${value}'`, () => `${word} ${quoteText(value)}`),
    shown,
  );
}

/** Old servers do not escape the names of accounts, either. */
function withGrantee(shown: string, account: AccountName): string {
  return shown.replace(` TO '${account.user}'@'${account.host}'`, () => ` TO ${accountText(account)}`);
}

/** `GRANT role TO account`. */
function isMembership(statement: StatementText): boolean {
  const to = statement.find(1, "TO");
  const on = statement.find(1, "ON");
  return statement.word(0) === "GRANT" && to >= 0 && (on < 0 || on > to);
}

function requirements(row: Row): string[] {
  switch (row.ssl_type) {
    case "ANY":
      return ["REQUIRE SSL"];
    case "X509":
      return ["REQUIRE X509"];
    case "SPECIFIED": {
      const all = requirementsOf(row);
      return [`REQUIRE ${all.map(({ word, value }) => `${word} ${quoteText(value)}`).join(" AND ")}`];
    }
    default:
      return ["REQUIRE NONE"];
  }
}

function limits(row: Row): string[] {
  const each = [
    ["MAX_QUERIES_PER_HOUR", row.max_questions],
    ["MAX_UPDATES_PER_HOUR", row.max_updates],
    ["MAX_CONNECTIONS_PER_HOUR", row.max_connections],
    ["MAX_USER_CONNECTIONS", row.max_user_connections],
  ].map(([word, value]) => `${word} ${value ?? "0"}`);
  return [`WITH ${each.join(" ")}`];
}

function unreadable(account: AccountName): BackupError {
  return new BackupError({
    code: "UNSUPPORTED_OBJECT",
    message: `the server shows account "${shownAccount(account)}" with bytes that are no text, as versions before MySQL 8.0.17 do`,
    object: shownAccount(account),
    hint: "back up with --no-role-passwords, or update the server",
  });
}

function unreadableGrant(account: AccountName): BackupError {
  return new BackupError({
    code: "UNSUPPORTED_OBJECT",
    message: `the server shows rights of account "${shownAccount(account)}" in a way that is not known here`,
    object: shownAccount(account),
    hint: "look at SHOW GRANTS for it, and tell us what it says",
  });
}
