import { shownType } from "../../../core/database-type.ts";
import type { GlobalsRequest } from "../../../ports/cluster.ts";
import type { Finding } from "../../../ports/restore.ts";
import { accountText, shownAccount } from "./account-name.ts";
import type { AccountStatement } from "./account-statement.ts";
import type { AccountsTarget } from "./accounts-target.ts";
import type { CreateUser } from "./create-user.ts";
import type { AccountsOfScript } from "./read-accounts-script.ts";

const shownNames = 10;

/** What of a backup's accounts would change what a server has, or fail on it. Pure. */
export function checkAccounts(
  { statements, serverVersion }: AccountsOfScript,
  target: AccountsTarget,
  request: Pick<GlobalsRequest, "rolePasswords" | "convert">,
): Finding[] {
  return [
    ...otherFlavour(serverVersion, target),
    ...existing(statements, target),
    ...ownAccount(statements, target),
    ...unknownPlugins(statements, target, request),
    ...partialRevokes(statements, target),
  ];
}

/** Those that are the same already change nothing: every server has accounts of root. */
function* existing(
  statements: readonly AccountStatement[],
  { accounts, had, currentUser }: AccountsTarget,
): Generator<Finding> {
  const both = statements.flatMap(({ kind, account, sql }) => {
    if ((kind !== "create-user" && kind !== "create-role") || had.has(sql)) return [];
    const name = accountText(account);
    return accounts.has(name) && name !== currentUser ? [shownAccount(account)] : [];
  });
  if (both.length === 0) return;
  yield {
    code: "role-exists",
    severity: "warning",
    message: `${both.length} of the backup's accounts exist already, and their passwords and settings become the backup's, whose rights are added: ${listed(both)}`,
    solution: "add --confirm if this is what you want",
  };
}

function* ownAccount(statements: readonly AccountStatement[], { currentUser }: AccountsTarget): Generator<Finding> {
  const own = statements.find(({ kind, account }) => kind === "create-user" && accountText(account) === currentUser);
  if (own === undefined) return;
  yield {
    code: "own-account",
    severity: "warning",
    message: `account "${shownAccount(own.account)}" is the one that is logged in, and stays as it is`,
    solution: "restore as another account if it is to become the backup's",
  };
}

/** Plugins by which an account would log in, and which the server does not have. */
export function missingPlugins({ authentication = [] }: CreateUser, { plugins }: AccountsTarget): string[] {
  return authentication.flatMap(({ plugin }) => (plugins.has(plugin.toLowerCase()) ? [] : [plugin]));
}

function* unknownPlugins(
  statements: readonly AccountStatement[],
  target: AccountsTarget,
  { rolePasswords, convert = false }: Pick<GlobalsRequest, "rolePasswords" | "convert">,
): Generator<Finding> {
  if (!rolePasswords) return;
  const missing = new Map<string, string[]>();
  for (const statement of statements) {
    if (statement.kind !== "create-user" || target.had.has(statement.sql)) continue;
    for (const plugin of missingPlugins(statement.create, target)) {
      missing.set(plugin, [...(missing.get(plugin) ?? []), shownAccount(statement.account)]);
    }
  }
  for (const [plugin, names] of missing) {
    const what = `the server has no plugin "${plugin}", by which these accounts log in`;
    yield convert
      ? {
          code: "conversion",
          severity: "warning",
          subject: plugin,
          message: `${what}, and so they are locked, without a password: ${listed(names)}`,
          solution: "give them passwords (ALTER USER ... IDENTIFIED BY ... ACCOUNT UNLOCK)",
        }
      : {
          code: "missing-plugin",
          severity: "warning",
          subject: plugin,
          message: `${what}: ${listed(names)}`,
          solution:
            "install it first (INSTALL PLUGIN, INSTALL SONAME), lock these accounts with --convert, or expect that they fail and are listed",
        };
  }
}

/** Both have other roles, plugins and names of rights. */
function* otherFlavour(serverVersion: string, { flavour }: AccountsTarget): Generator<Finding> {
  const source = /mariadb/i.test(serverVersion) ? "mariadb" : "mysql";
  if (source === flavour) return;
  yield {
    code: "other-flavour",
    severity: "error",
    message: `accounts and rights of ${shownType[source]} cannot be restored into ${shownType[flavour]}`,
    solution: "restore the databases alone (--database '*' --convert), and create the accounts anew",
  };
}

function* partialRevokes(
  statements: readonly AccountStatement[],
  { revokesParts }: AccountsTarget,
): Generator<Finding> {
  const revoke = statements.find((statement) => statement.kind === "grant" && statement.grant.verb === "REVOKE");
  if (revoke === undefined || revokesParts) return;
  yield {
    code: "server-setting",
    severity: "error",
    subject: "partial_revokes",
    message: `the server does not take rights away on single databases, which the backup does of account "${shownAccount(revoke.account)}": it would have more rights than it had`,
    solution: "SET PERSIST partial_revokes = ON first",
  };
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, shownNames).map((name) => `"${name}"`);
  return shown.join(", ") + (names.length > shownNames ? ` and ${names.length - shownNames} more` : "");
}
