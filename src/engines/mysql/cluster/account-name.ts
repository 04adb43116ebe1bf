import { quoteName } from "../quote.ts";

/** An account: a user at a host, or a role of MariaDB, which has none. */
export interface AccountName {
  readonly user: string;
  /** Undefined for roles of MariaDB. */
  readonly host: string | undefined;
}

/** Everybody's role of MariaDB, from 10.11 on. It is a word of the language, and always there. */
export const everybody: AccountName = { user: "PUBLIC", host: undefined };

export function isEverybody({ user, host }: AccountName): boolean {
  return host === undefined && user.toUpperCase() === "PUBLIC";
}

/** An account as statements name it. */
export function accountText(account: AccountName): string {
  if (isEverybody(account)) return "PUBLIC";
  const user = quoteName(account.user);
  return account.host === undefined ? user : `${user}@${quoteName(account.host)}`;
}

/** An account for people. */
export function shownAccount({ user, host }: AccountName): string {
  return host === undefined ? user : `${user}@${host}`;
}

/** Accounts that every server of a flavour makes for itself. */
const ofServers: ReadonlySet<string> = new Set([
  "mysql.sys@localhost",
  "mysql.session@localhost",
  "mysql.infoschema@localhost",
  "mariadb.sys@localhost",
]);

/** Whether a server makes this account for itself: what it may do belongs to the server's version. */
export function isOfServer(account: AccountName): boolean {
  return ofServers.has(shownAccount(account));
}
