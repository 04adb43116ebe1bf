import { randomBytes } from "node:crypto";
import type { Row } from "../../src/wire/mysql/connection.ts";
import { type MysqlAddress, mysqlSql, mysqlUrl } from "./mysql-server.ts";

/** A database that is dropped when it is disposed of. */
export interface MysqlDatabase extends AsyncDisposable {
  readonly name: string;
  readonly server: MysqlAddress;
  /** Logs in over TCP as root. */
  readonly url: string;
  /** Runs one statement as root. */
  sql(text: string): Promise<Row[]>;
}

/** Creates a database of a name that no other test has, unless one is given. @param options `CHARACTER SET latin1` */
export async function withMysqlDatabase(server: MysqlAddress, name?: string, options = ""): Promise<MysqlDatabase> {
  const database = name ?? `test_${randomBytes(6).toString("hex")}`;
  const quoted = `\`${database.replaceAll("`", "``")}\``;
  if (name !== undefined) await mysqlSql(server, `DROP DATABASE IF EXISTS ${quoted}`);
  await mysqlSql(server, `CREATE DATABASE ${quoted} ${options}`);
  return {
    name: database,
    server,
    url: mysqlUrl(server, database),
    sql: (text) => mysqlSql(server, text, database),
    async [Symbol.asyncDispose]() {
      await mysqlSql(server, `DROP DATABASE IF EXISTS ${quoted}`);
    },
  };
}
