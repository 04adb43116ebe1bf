import type { GlobalsRequest } from "../../../ports/cluster.ts";
import type { Finding } from "../../../ports/restore.ts";
import { type Conversions, conversionFindings } from "../convert/find-conversions.ts";
import { accountText, shownAccount } from "./account-name.ts";
import type { AccountStatement } from "./account-statement.ts";
import type { AccountsTarget } from "./accounts-target.ts";
import type { ConvertedStatement } from "./convert/convert-accounts.ts";

const shownNames = 10;
/** Of accounts that a conversion changes. */
const shownConverted = 100;

/** What of a backup's accounts would change what a server has, or fail on it, or become something else there. Pure. */
export function checkAccounts(
  converted: readonly ConvertedStatement[],
  target: AccountsTarget,
  request: Pick<GlobalsRequest, "convert" | "onError">,
): Finding[] {
  const needed = converted.filter(({ original }) => isNeeded(original, target));
  const statements = needed.flatMap((one) => one.statements);
  return [
    ...existing(statements, target),
    ...ownAccount(converted, target),
    ...partialRevokes(statements, target),
    ...conversionFindings(conversionsOf(needed), { onError: "stop", ...request }).map(withPlugins),
  ];
}

/** What is only missing need not be converted. */
function withPlugins(finding: Finding): Finding {
  if (!finding.message.includes("the server has no plugin")) return finding;
  return {
    ...finding,
    solution: `install the plugin first (INSTALL PLUGIN, INSTALL SONAME); else ${finding.solution}`,
  };
}

/** What the server has already is not done again, and whoever is logged in stays as he is. */
export function isNeeded(original: AccountStatement, { had, currentUser }: AccountsTarget): boolean {
  return !had.has(original.sql) && (original.kind === "membership" || accountText(original.account) !== currentUser);
}

/** One line for each change, with the accounts that it is about. */
function conversionsOf(converted: readonly ConvertedStatement[]): Conversions {
  const changes = new Map<string, Set<string>>();
  for (const { original, changes: all } of converted) {
    for (const change of all) {
      const names = changes.get(change) ?? new Set();
      changes.set(change, names.add(shownAccount(original.account)));
    }
  }
  return {
    changes: [...changes].map(([change, names]) => `accounts: ${change}: ${listed([...names], shownConverted)}`),
    impossible: converted.flatMap(({ impossible }) => impossible ?? []),
  };
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

function* ownAccount(converted: readonly ConvertedStatement[], { currentUser }: AccountsTarget): Generator<Finding> {
  const all = converted.map(({ original }) => original);
  const own = all.find(({ kind, account }) => kind === "create-user" && accountText(account) === currentUser);
  if (own === undefined) return;
  yield {
    code: "own-account",
    severity: "warning",
    message: `account "${shownAccount(own.account)}" is the one that is logged in, and stays as it is`,
    solution: "restore as another account if it is to become the backup's",
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

function listed(names: readonly string[], most: number = shownNames): string {
  const shown = names.slice(0, most).map((name) => `"${name}"`);
  return shown.join(", ") + (names.length > most ? ` and ${names.length - most} more` : "");
}
