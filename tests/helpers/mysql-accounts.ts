import { BackupError } from "../../src/core/backup-error.ts";
import { Secret } from "../../src/core/secret.ts";
import { MysqlConnection, type Row } from "../../src/wire/mysql/connection.ts";
import { type MysqlConnectionSpec, mysqlConnectionSpec } from "../../src/wire/mysql/connection-spec.ts";
import type { MysqlFlavour } from "./mysql-packages.ts";
import { type MysqlAddress, mysqlSql } from "./mysql-server.ts";

/** A name with everything that quoting can get wrong. */
export const hostileUser = "o'd\"d`\\ é";

/** An account that logs in with a password over a plugin. */
export interface PasswordAccount {
  readonly user: string;
  readonly password: string;
}

export const isMariadb = ({ flavour }: MysqlAddress): boolean => flavour.startsWith("mariadb");

/** Databases, tables and routines for rights, and accounts of every kind that the server knows. Answers those that can log in. */
export async function loadHostileAccounts(server: MysqlAddress): Promise<PasswordAccount[]> {
  const run = (sql: string): Promise<Row[]> => mysqlSql(server, sql);
  for (const sql of objects) await run(sql);
  const ofFlavour = isMariadb(server) ? ofMariadb : server.flavour === "mysql-5.6" ? ofMysql56 : ofMysql;
  for (const sql of [...ofFlavour, ...everywhere]) await run(sql);
  if (server.flavour === "mariadb-11.8" || server.flavour === "mariadb-10.11") {
    await run("GRANT SELECT ON rights.* TO PUBLIC");
  }
  const accounts = [{ user: "native", password: "native's" }];
  if (isMariadb(server))
    return [
      ...accounts,
      { user: "ed", password: "curve" },
      { user: "either", password: "one" },
      { user: "either", password: "two" },
    ];
  if (server.flavour === "mysql-5.6") return accounts;
  return [...accounts, { user: "sha", password: "sha-256" }];
}

const objects = [
  "CREATE DATABASE rights",
  "CREATE DATABASE `Odd``db %_`",
  "CREATE TABLE rights.t (a INT PRIMARY KEY, `b, c) ON x` INT, d INT)",
  "INSERT INTO rights.t VALUES (1, 2, 3), (4, 5, 6)",
  "CREATE TABLE `Odd``db %_`.`t\\'` (a INT PRIMARY KEY)",
  "INSERT INTO `Odd``db %_`.`t\\'` VALUES (7)",
  "CREATE VIEW rights.v AS SELECT a FROM rights.t",
  "CREATE FUNCTION `Odd``db %_`.first() RETURNS INT DETERMINISTIC RETURN 1",
  "CREATE EVENT `Odd``db %_`.at_last ON SCHEDULE EVERY 1 YEAR DISABLE DO SELECT 1",
  "CREATE FUNCTION rights.f() RETURNS INT DETERMINISTIC RETURN 1",
  "CREATE PROCEDURE rights.p() SELECT 1",
];

const hostile = "`o'd\"d``\\ é`@`h%_`";

const everywhere = [
  `CREATE USER ${hostile} IDENTIFIED BY 'x'`,
  "CREATE USER ''@'h\\_s%' IDENTIFIED BY 'nobody'",
  "CREATE USER net@'10.0.0.0/255.0.0.0'",
  `GRANT ALL PRIVILEGES ON *.* TO ${hostile} WITH GRANT OPTION`,
  "GRANT SELECT ON `rights\\_%`.* TO native@'%'",
  "GRANT ALL PRIVILEGES ON rights.* TO net@'10.0.0.0/255.0.0.0' WITH GRANT OPTION",
  "GRANT SELECT (a, `b, c) ON x`), INSERT (d), UPDATE (d), DELETE ON rights.t TO net@'10.0.0.0/255.0.0.0'",
  `GRANT SELECT (a) ON rights.t TO ${hostile} WITH GRANT OPTION`,
  "GRANT SELECT, SHOW VIEW, CREATE VIEW ON rights.v TO native@'%'",
  "GRANT SELECT ON `Odd``db %_`.`t\\'` TO native@'%'",
  "GRANT EXECUTE ON FUNCTION rights.f TO native@'%' WITH GRANT OPTION",
  "GRANT EXECUTE, ALTER ROUTINE ON PROCEDURE rights.p TO native@'%'",
  `GRANT PROXY ON native@'%' TO ${hostile} WITH GRANT OPTION`,
];

const ofMariadb = [
  "INSTALL SONAME 'auth_ed25519'",
  "CREATE USER native@'%' IDENTIFIED BY 'native''s'",
  "CREATE USER ed@'%' IDENTIFIED VIA ed25519 USING PASSWORD('curve') WITH MAX_QUERIES_PER_HOUR 500 MAX_STATEMENT_TIME 3.5",
  "CREATE USER either@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('one') OR ed25519 USING PASSWORD('two') OR unix_socket",
  "CREATE USER `lock`@'10.%' IDENTIFIED BY 'x' REQUIRE SUBJECT '/CN=it\\'s' AND ISSUER '/CN=b' AND CIPHER 'c' ACCOUNT LOCK PASSWORD EXPIRE INTERVAL 9 DAY",
  "CREATE USER expired@'%' IDENTIFIED BY 'x' REQUIRE X509 PASSWORD EXPIRE",
  "CREATE USER never@'%' IDENTIFIED BY 'x' REQUIRE SSL PASSWORD EXPIRE NEVER",
  "CREATE ROLE r1",
  "CREATE ROLE `r ``2'`",
  "CREATE ROLE r3 WITH ADMIN r1",
  "GRANT r1 TO `r ``2'` WITH ADMIN OPTION",
  "GRANT `r ``2'` TO ed@'%' WITH ADMIN OPTION",
  "GRANT r1 TO native@'%'",
  "SET DEFAULT ROLE `r ``2'` FOR ed@'%'",
  "GRANT SELECT ON rights.* TO r1",
  "GRANT INSERT (d) ON rights.t TO `r ``2'`",
  "GRANT INSERT ON rights.* TO ed@'%'",
  "GRANT UPDATE ON rights.t TO ed@'%'",
];

const ofMysql56 = [
  "CREATE USER native@'%' IDENTIFIED BY 'native''s'",
  "GRANT USAGE ON *.* TO tls@'%' IDENTIFIED BY 'x' REQUIRE SUBJECT '/CN=it\\'s' AND ISSUER '/CN=b' AND CIPHER 'c' WITH MAX_QUERIES_PER_HOUR 5 MAX_USER_CONNECTIONS 2",
  "GRANT USAGE ON *.* TO x509@'%' REQUIRE X509",
  "GRANT DELETE ON rights.* TO tls@'%'",
  "CREATE USER expired@'%' IDENTIFIED BY 'x'",
  "ALTER USER expired@'%' PASSWORD EXPIRE",
];

const ofMysql = [
  // It stands for the other flavours' account of that name.
  "CREATE USER native@'%' IDENTIFIED WITH caching_sha2_password BY 'native''s'",
  "CREATE USER sha@'%' IDENTIFIED WITH sha256_password BY 'sha-256' COMMENT 'it''s \"so\"'",
  "CREATE USER socket@localhost IDENTIFIED WITH sha256_password BY 'x' ACCOUNT LOCK",
  "CREATE USER full@'%' IDENTIFIED BY 'pw' REQUIRE SUBJECT '/CN=it\\'s' AND ISSUER '/CN=b' WITH MAX_QUERIES_PER_HOUR 5 PASSWORD EXPIRE INTERVAL 90 DAY PASSWORD HISTORY 3 PASSWORD REUSE INTERVAL 2 DAY PASSWORD REQUIRE CURRENT FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME 2 ATTRIBUTE '{\"a\": \"it''s\"}'",
  "CREATE USER expired@'%' IDENTIFIED BY 'pw' PASSWORD EXPIRE",
  "CREATE USER two@'%' IDENTIFIED BY 'one'",
  "ALTER USER two@'%' IDENTIFIED BY 'two' RETAIN CURRENT PASSWORD",
  "CREATE ROLE r1, `r ``2'`@'h%'",
  "GRANT r1 TO `r ``2'`@'h%' WITH ADMIN OPTION",
  "GRANT `r ``2'`@'h%', r1 TO full@'%' WITH ADMIN OPTION",
  "GRANT r1 TO native@'%'",
  "ALTER USER full@'%' DEFAULT ROLE `r ``2'`@'h%', r1",
  "GRANT SELECT ON rights.* TO r1",
  "GRANT INSERT (d) ON rights.t TO `r ``2'`@'h%'",
  "GRANT BACKUP_ADMIN, ROLE_ADMIN ON *.* TO sha@'%' WITH GRANT OPTION",
  "GRANT XA_RECOVER_ADMIN ON *.* TO sha@'%'",
  "GRANT SELECT, INSERT ON *.* TO sha@'%'",
  "REVOKE INSERT ON mysql.* FROM sha@'%'",
];

/** What the server says of its accounts, those of itself but for. Columns in brackets come in no order: they are sorted. */
export async function shownAccounts(server: MysqlAddress): Promise<Record<string, string[]>> {
  const role = isMariadb(server) ? "is_role" : "'N'";
  const users = await mysqlSql(server, `SELECT User AS user, Host AS host, ${role} AS is_role FROM mysql.user`);
  const shown: Record<string, string[]> = {};
  for (const { user, host, is_role: isRole } of users) {
    const quoted = [user!, host!].map((text) => `'${text.replaceAll(/[\\']/g, "\\$&")}'`);
    const name = isRole === "Y" ? (user === "PUBLIC" ? "PUBLIC" : quoted[0]!) : quoted.join("@");
    const ask = (sql: string): Promise<Row[]> => mysqlSql(server, sql).catch(() => []);
    const hasCreate = isRole !== "Y" && server.flavour !== "mysql-5.6";
    const create = hasCreate ? await ask(`SHOW CREATE USER ${name}`) : [];
    const expired =
      server.flavour === "mysql-5.6"
        ? await ask(`SELECT password_expired FROM mysql.user WHERE User = ${quoted[0]} AND Host = ${quoted[1]}`)
        : [];
    const grants = await ask(`SHOW GRANTS FOR ${name}`);
    const texts = [...create, ...expired, ...grants].map((row) => Object.values(row)[0] ?? "");
    shown[name] = texts.map((text) => text.replaceAll(/\([^()]*(?:\) ON x`?[^()]*)?\)/g, sortedColumns)).toSorted();
  }
  return shown;
}

function sortedColumns(list: string): string {
  return [...list].toSorted().join("");
}

/** What servers of these tests need besides. */
export function clusterSettings(flavour: MysqlFlavour): readonly string[] {
  return flavour === "mysql-9.7" ? ["partial-revokes=ON"] : [];
}

/** Whether somebody gets in over TCP with that password. */
export async function logsIn(server: MysqlAddress, { user, password }: PasswordAccount): Promise<boolean> {
  const spec = mysqlConnectionSpec({
    host: { kind: "tcp", host: "127.0.0.1", port: server.port },
    user,
    password: new Secret(password),
    authentication: { clearPassword: false, serverPublicKey: undefined, askForPublicKey: true },
  });
  return await getsIn(spec);
}

/** Whether the user of the operating system who runs this gets in by the Unix socket, without a password. */
export async function logsInOverSocket(server: MysqlAddress, user: string): Promise<boolean> {
  const host = { kind: "unix", path: server.socket } as const;
  return await getsIn(mysqlConnectionSpec({ host, user, database: undefined }));
}

async function getsIn(spec: MysqlConnectionSpec): Promise<boolean> {
  try {
    await using connection = await MysqlConnection.connect(spec);
    await connection.query("SELECT 1");
    return true;
  } catch (error) {
    if (error instanceof BackupError && error.code === "AUTH") return false;
    throw error;
  }
}
