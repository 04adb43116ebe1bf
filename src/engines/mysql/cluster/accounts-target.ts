import { BackupError } from "../../../core/backup-error.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import { isForbidden } from "../dump/snapshot/coordinates.ts";
import { type AccountName, accountText } from "./account-name.ts";
import { accountsDialect } from "./convert/accounts-dialect.ts";
import type { AccountsConversionTarget } from "./convert/convert-accounts.ts";
import { privilegeWord } from "./object-grants.ts";
import { readAccounts } from "./read-accounts.ts";

/** A server that accounts are restored into. */
export interface AccountsTarget extends AccountsConversionTarget {
  /** Its accounts and roles, as statements name them. */
  readonly accounts: ReadonlySet<string>;
  /** Who is logged in, as statements name them. */
  readonly currentUser: string;
  /** Statements that would change nothing, since the server has what they make. Empty when this user may not look. */
  readonly had: ReadonlySet<string>;
  /** Rights can be taken away on one database (`partial_revokes`). */
  readonly revokesParts: boolean;
}

/** @throws BackupError AUTH when this account may not see which accounts there are */
export async function readAccountsTarget(
  connection: MysqlConnection,
  facts: MysqlServerFacts,
): Promise<AccountsTarget> {
  const { flavour, variables } = facts;
  const role = flavour === "mariadb" ? "is_role" : "'N'";
  const users = await connection
    .rows(`SELECT User AS user, Host AS host, ${role} AS is_role FROM mysql.user`)
    .catch((error: unknown) => {
      throw isForbidden(error) ? unseen(connection.spec.user, error) : error;
    });
  const plugins = await connection.rows(
    "SELECT PLUGIN_NAME AS name FROM information_schema.PLUGINS WHERE PLUGIN_TYPE = 'AUTHENTICATION' AND PLUGIN_STATUS = 'ACTIVE'",
  );
  const privileges = await connection.query("SHOW PRIVILEGES");
  const [row] = await connection.rows("SELECT CURRENT_USER() AS name");
  return {
    ...accountsDialect(facts),
    accounts: new Set(
      users.map(({ user, host, is_role: isRole }) =>
        accountText({ user: user!, host: isRole === "Y" ? undefined : host! }),
      ),
    ),
    had: await statementsFor(connection, facts),
    currentUser: accountText(splitAccount(row?.name ?? "")),
    plugins: new Set(plugins.map(({ name }) => name!.toLowerCase())),
    privileges: new Set(privileges.rows.map(([name]) => privilegeWord((name ?? "").toString()))),
    revokesParts: variables.get("partial_revokes") === "ON",
  };
}

async function statementsFor(connection: MysqlConnection, facts: MysqlServerFacts): Promise<ReadonlySet<string>> {
  try {
    const all = await readAccounts(connection, facts, { passwords: true });
    const { creates, grants, memberships, defaultRoles, objectGrants } = all;
    return new Set([...creates, ...grants, ...memberships, ...defaultRoles, ...objectGrants]);
  } catch (error) {
    if (error instanceof BackupError && (error.code === "AUTH" || error.code === "UNSUPPORTED_OBJECT"))
      return new Set();
    throw error;
  }
}

function unseen(user: string, cause: unknown): BackupError {
  return new BackupError({
    code: "AUTH",
    message: `user "${user}" may not see the accounts of the server`,
    object: "mysql.user",
    hint: "GRANT SELECT ON mysql.* and CREATE USER ON *.* TO this account, or restore databases alone with --database",
    cause,
  });
}

/** `user@host`: hosts hold no @, users may. */
function splitAccount(name: string): AccountName {
  const at = name.lastIndexOf("@");
  return { user: name.slice(0, at), host: name.slice(at + 1) };
}
