import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import { quoteName } from "../quote.ts";
import { type AccountName, accountText } from "./account-name.ts";

/** Rights on tables and columns. */
export interface ObjectGrants {
  /** Statements, in the order of the tables. */
  statementsOf(account: AccountName): readonly string[];
  /** Names of the tables that these are about, as SHOW GRANTS quotes them. */
  tablesOf(account: AccountName): readonly string[];
}

interface TableGrants {
  readonly database: string;
  readonly table: string;
  readonly privileges: readonly string[];
  /** Columns by privilege. */
  readonly columns: Map<string, string[]>;
}

/**
 * Reads rights on tables from the tables that hold them: SHOW GRANTS of MySQL before 8 and MariaDB before 10.4 shows names of
 * columns without quotes.
 */
export async function objectGrants(
  connection: MysqlConnection,
  { flavour }: MysqlServerFacts,
  accounts: readonly AccountName[],
): Promise<ObjectGrants> {
  const roles = new Set(accounts.flatMap(({ user, host }) => (host === undefined ? [user] : [])));
  const keyOf = (user: string, host: string): string => {
    const isRole = flavour === "mariadb" && host === "" && roles.has(user);
    return accountText({ user, host: isRole ? undefined : host });
  };
  const found = new Map<string, Map<string, TableGrants>>();
  await connection.eachRow(
    "SELECT User AS user, Host AS host, Db AS db, Table_name AS name, Table_priv AS privileges FROM mysql.tables_priv",
    ({ user, host, db, name, privileges }) => {
      const key = keyOf(user!, host!);
      const ofAccount = found.get(key) ?? new Map<string, TableGrants>();
      found.set(key, ofAccount);
      const table = `${quoteName(db!)}.${quoteName(name!)}`;
      const words = (privileges ?? "").split(",").filter((word) => word !== "");
      ofAccount.set(table, { database: db!, table: name!, privileges: words.map(privilegeWord), columns: new Map() });
    },
  );
  await connection.eachRow(
    "SELECT User AS user, Host AS host, Db AS db, Table_name AS name, Column_name AS col, Column_priv AS privileges FROM mysql.columns_priv",
    ({ user, host, db, name, col, privileges }) => {
      const grants = found.get(keyOf(user!, host!))?.get(`${quoteName(db!)}.${quoteName(name!)}`);
      if (grants === undefined) return;
      for (const word of (privileges ?? "").split(",").filter((one) => one !== "")) {
        const privilege = privilegeWord(word);
        grants.columns.set(privilege, [...(grants.columns.get(privilege) ?? []), quoteName(col!)]);
      }
    },
  );
  return {
    tablesOf: (account) => [...(found.get(accountText(account))?.keys() ?? [])],
    statementsOf: (account) =>
      [...(found.get(accountText(account)) ?? [])]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([table, grants]) => grantText(table, grants, account)),
  };
}

function grantText(table: string, { privileges, columns }: TableGrants, account: AccountName): string {
  const whole = privileges.filter((word) => word !== "GRANT");
  const ofColumns = [...columns].map(([privilege, names]) => `${privilege} (${names.toSorted().join(", ")})`);
  const all = [...whole, ...ofColumns];
  const option = privileges.includes("GRANT") ? " WITH GRANT OPTION" : "";
  return `GRANT ${all.length === 0 ? "USAGE" : all.join(", ")} ON ${table} TO ${accountText(account)}${option}`;
}

/** `Create View` of the tables. MariaDB's SQL has another name than its tables for one. */
export function privilegeWord(word: string): string {
  const privilege = word.toUpperCase();
  return privilege === "DELETE VERSIONING ROWS" ? "DELETE HISTORY" : privilege;
}
