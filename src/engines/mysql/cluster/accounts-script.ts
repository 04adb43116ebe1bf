import type { MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import { lastLine } from "../dump/script-frame.ts";
import type { Accounts } from "./read-accounts.ts";

export interface AccountsScript {
  readonly script: Uint8Array;
  /** The end of it, which needs the objects of the databases. */
  readonly behindObjects: Uint8Array;
}

/**
 * The script that makes the accounts again, as the clients of that flavour run it. Accounts that are there stay as they are,
 * but get the rights of the script, too.
 */
export function accountsScript(accounts: Accounts, facts: MysqlServerFacts, dumperVersion: string): AccountsScript {
  const flavour = facts.flavour === "mariadb" ? "MariaDB" : "MySQL";
  // An account that could not be made would get in without a password.
  const rights = facts.capabilities.grantMakesAccounts ? "\nSET SESSION sql_mode = 'NO_AUTO_CREATE_USER';\n" : "";
  const start = [
    `-- ${dumperVersion}: dump of accounts of ${flavour} ${facts.versionText}\n`,
    // In strings a backslash escapes, and MySQL 5.6 makes accounts by GRANT.
    "\nSET NAMES utf8mb4;\nSET SESSION sql_mode = '';\n",
    section("accounts and roles", accounts.creates),
    rights,
    section("rights on the server and on databases", accounts.grants),
    section("members of roles", accounts.memberships),
    section("default roles", accounts.defaultRoles),
  ].join("");
  const behindObjects = Buffer.from(
    `${rights}${section("rights on tables and routines, which must be there", accounts.objectGrants)}\n${lastLine}\n`,
  );
  return { script: Buffer.concat([Buffer.from(start), behindObjects]), behindObjects };
}

function section(title: string, statements: readonly string[]): string {
  return statements.length === 0 ? "" : `\n-- ${title}\n${statements.map((sql) => `${sql};\n`).join("")}`;
}
