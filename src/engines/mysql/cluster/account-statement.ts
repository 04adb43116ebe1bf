import type { AccountName } from "./account-name.ts";
import { type CreateUser, readClauses, readCreateUser } from "./create-user.ts";
import { type GrantText, readGrantText } from "./grant-text.ts";
import { StatementText } from "./statement-text.ts";

/** A statement of a script of accounts. */
export type AccountStatement =
  /** MySQL 5.6 makes users by GRANT USAGE. */
  | { readonly kind: "create-user"; readonly account: AccountName; readonly create: CreateUser; readonly sql: string }
  | { readonly kind: "create-role"; readonly account: AccountName; readonly sql: string }
  /** What is said of an account behind its creation. */
  | { readonly kind: "alter-user"; readonly account: AccountName; readonly sql: string }
  | {
      readonly kind: "default-role";
      readonly account: AccountName;
      readonly sql: string;
      readonly roles: AccountName[];
    }
  | { readonly kind: "grant"; readonly account: AccountName; readonly grant: GrantText; readonly sql: string }
  | { readonly kind: "proxy"; readonly account: AccountName; readonly proxied: AccountName; readonly sql: string }
  | {
      readonly kind: "membership";
      readonly account: AccountName;
      readonly role: AccountName;
      readonly isAdmin: boolean;
      readonly sql: string;
    };

/** @returns undefined for a statement that no such script holds */
export function readAccountStatement(sql: string): AccountStatement | undefined {
  const statement = new StatementText(sql);
  switch (statement.word(0)) {
    case "CREATE":
      return readCreate(statement);
    case "ALTER":
      return readAlter(statement);
    case "SET":
      return readDefaultRole(statement);
    case "GRANT":
    case "REVOKE":
      return readGrant(statement);
    default:
      return undefined;
  }
}

function readCreate(statement: StatementText): AccountStatement | undefined {
  const { text: sql } = statement;
  const create = readCreateUser(statement);
  if (create !== undefined) return { kind: "create-user", account: create.account, create, sql };
  if (!statement.has(0, "CREATE", "ROLE", "IF", "NOT", "EXISTS")) return undefined;
  const { account, next } = statement.account(5);
  return next === statement.length ? { kind: "create-role", account, sql } : undefined;
}

function readAlter(statement: StatementText): AccountStatement | undefined {
  if (!statement.has(0, "ALTER", "USER")) return undefined;
  const { text: sql } = statement;
  const { account, next } = statement.account(2);
  if (!statement.has(next, "DEFAULT", "ROLE")) return { kind: "alter-user", account, sql };
  const { accounts: roles } = statement.accounts(next + 2);
  return { kind: "default-role", account, sql, roles };
}

/** MariaDB's. */
function readDefaultRole(statement: StatementText): AccountStatement | undefined {
  if (!statement.has(0, "SET", "DEFAULT", "ROLE")) return undefined;
  const { account: role, next } = statement.account(3);
  if (statement.word(next) !== "FOR") return undefined;
  const { account } = statement.account(next + 1);
  return { kind: "default-role", account, sql: statement.text, roles: [role] };
}

function readGrant(statement: StatementText): AccountStatement | undefined {
  const { text: sql } = statement;
  if (statement.has(0, "GRANT", "PROXY", "ON")) {
    const { account: proxied, next } = statement.account(3);
    if (statement.word(next) !== "TO") return undefined;
    return { kind: "proxy", account: statement.account(next + 1).account, proxied, sql };
  }
  const grant = readGrantText(statement);
  if (grant !== undefined) {
    const { grantee: account } = grant;
    const from = statement.find(0, "TO") + 1;
    const isCreate = grant.privileges.toUpperCase() === "USAGE" && grant.place === "*.*" && !grant.withGrantOption;
    if (!isCreate) return { kind: "grant", account, grant, sql };
    return { kind: "create-user", account, create: readClauses(account, statement, statement.account(from).next), sql };
  }
  const { account: role, next } = statement.account(1);
  if (statement.word(0) !== "GRANT" || statement.word(next) !== "TO") return undefined;
  const { account, next: behind } = statement.account(next + 1);
  return { kind: "membership", account, role, isAdmin: statement.has(behind, "WITH", "ADMIN", "OPTION"), sql };
}
