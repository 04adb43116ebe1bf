import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dbbackup, mustDbbackup } from "../helpers/dbbackup.ts";
import {
  clusterSettings,
  loadHostileAccounts,
  logsIn,
  logsInOverSocket,
  shownAccounts,
} from "../helpers/mysql-accounts.ts";
import { type MysqlServer, startMysql } from "../helpers/mysql-server.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dbbackup-my-between-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const me = userInfo().username;

async function backUp(source: MysqlServer): Promise<void> {
  await mustDbbackup(["backup", "cluster", ...login(source), "--repo", join(folder, source.flavour)]);
}

const restore = (from: string, target: MysqlServer, ...args: readonly string[]) =>
  dbbackup(["restore", "cluster", "latest:cluster", ...login(target), "--repo", join(folder, from), ...args]);

/** What is said of accounts before anything is touched. */
async function told(from: string, target: MysqlServer, ...args: readonly string[]): Promise<string[]> {
  const { stdout } = await restore(from, target, "--dry-run", "--json", ...args);
  const { findings } = JSON.parse(stdout.toString()) as { findings: { severity: string; message: string }[] };
  return findings.flatMap(({ severity, message }) =>
    message.includes("accounts: ") ? [`${severity}: ${message.replace("accounts: ", "")}`] : [],
  );
}

const left = (what: string) => `${what} is left out, which the server does not have`;
const locked = (plugin: string) => `the server has no plugin "${plugin}", and so it is locked, without a password`;

const users = async (server: MysqlServer): Promise<number> =>
  Number((await server.sql("SELECT COUNT(*) AS n FROM mysql.user"))[0]!.n);

/** Between the flavours, both ways. */
export function accountsBetweenFlavours(): void {
  test("accounts of MariaDB come to MySQL: what is changed is told first, what has no way to log in is locked", async () => {
    await using source = await startMysql({ flavour: "mariadb-11.8" });
    await using target = await startMysql({ flavour: "mysql-9.7", settings: clusterSettings("mysql-9.7") });
    await loadHostileAccounts(source);
    for (const sql of [
      "INSTALL SONAME 'auth_parsec'",
      "CREATE USER parsec@'%' IDENTIFIED VIA parsec USING PASSWORD('x') WITH MAX_USER_CONNECTIONS -1",
      `CREATE USER socket@localhost IDENTIFIED VIA mysql_native_password USING 'invalid' OR unix_socket USING '${me}'`,
      "GRANT BINLOG MONITOR, SLAVE MONITOR, SUPER, SET USER, DELETE HISTORY, SHOW CREATE ROUTINE, REPLICATION SLAVE ADMIN, RELOAD ON *.* TO socket@localhost",
      "GRANT DELETE HISTORY, SHOW CREATE ROUTINE, DROP ON rights.* TO socket@localhost WITH GRANT OPTION",
      "GRANT PROXY ON native@'%' TO socket@localhost",
      "CREATE USER r1@'%'",
      "CREATE USER a_name_of_more_than_thirty_two_characters@'%' IDENTIFIED BY 'x'",
    ])
      await source.sql(sql);
    await target.sql("INSTALL PLUGIN auth_socket SONAME 'auth_socket.so'");
    await backUp(source);
    const before = await users(target);

    const refused = await restore("mariadb-11.8", target);
    expect(refused.status).toBe(1);
    const tooLong = "a_name_of_more_than_thirty_two_characters@%";
    const known = ['"@h\\_s%"', '"expired@%"', '"lock@10.%"', '"native@%"', '"never@%"', '"o\'d"d`\\ é@h%_"'].join(
      ", ",
    );
    const changes = [
      'role "r1" becomes "r1@role", for there is an account "r1@%": "r1"',
      `${locked("mysql_native_password")}: ${known}`,
      `${locked("ed25519")}: "ed@%"`,
      'MAX_STATEMENT_TIME 3.500000 is left out, which the server does not have: "ed@%"',
      'the server has no plugin "mysql_native_password": "either@%"',
      'the server has no plugin "ed25519": "either@%"',
      'plugin "unix_socket" becomes "auth_socket": "either@%", "socket@localhost"',
      `${locked("parsec")}: "parsec@%"`,
      'MAX_USER_CONNECTIONS below 0 becomes a lock: "parsec@%"',
      'what everybody may (PUBLIC) is left out, which the server does not have: "PUBLIC"',
      'right "SUPER" becomes "SYSTEM_VARIABLES_ADMIN": "socket@localhost"',
      'right "BINLOG MONITOR" becomes "REPLICATION CLIENT": "socket@localhost"',
      `${left('right "DELETE HISTORY"')}: "socket@localhost"`,
      'right "SET USER" becomes "SET_ANY_DEFINER", "ALLOW_NONEXISTENT_DEFINER": "socket@localhost"',
      'right "REPLICATION SLAVE ADMIN" becomes "REPLICATION_SLAVE_ADMIN": "socket@localhost"',
      'right "SLAVE MONITOR" becomes "REPLICATION CLIENT": "socket@localhost"',
      'right "SHOW CREATE ROUTINE" becomes "SHOW_ROUTINE": "socket@localhost"',
      `${left('right "DELETE HISTORY"')} there: "socket@localhost"`,
      `${left('right "SHOW CREATE ROUTINE"')} there: "socket@localhost"`,
    ];
    expect((await told("mariadb-11.8", target)).toSorted()).toEqual(
      changes.map((change) => `error: only changed: ${change}`).toSorted(),
    );
    expect((await told("mariadb-11.8", target, "--convert")).toSorted()).toEqual(
      changes.map((change) => `warning: ${change}`).toSorted(),
    );
    const impossible = await restore("mariadb-11.8", target, "--convert", "--confirm");
    expect(impossible.status).toBe(1);
    expect(impossible.stderr).toContain(`account "${tooLong}": the server takes 32 characters of a name`);
    expect(await users(target)).toBe(before);

    const done = await restore("mariadb-11.8", target, "--convert", "--confirm", "--on-error=continue");
    expect(done.status).toBe(3);
    expect(failures(done.stdout.toString())).toEqual([
      `CREATE USER \`${tooLong.replace("@%", "")}\`@\`%\`: account "${tooLong}": the server takes 32 characters of a name`,
    ]);
    expect(await logsInOverSocket(target, "socket")).toBe(true);
    const passwords = ["native", "ed", "either", "parsec"].flatMap((user) =>
      ["native's", "curve", "one", "x", ""].map((password) => ({ user, password })),
    );
    for (const account of passwords) expect([account, await logsIn(target, account)]).toEqual([account, false]);
    const shown = await shownAccounts(target);
    const usual = "PASSWORD HISTORY DEFAULT PASSWORD REUSE INTERVAL DEFAULT PASSWORD REQUIRE CURRENT DEFAULT";
    expect(shown).toMatchObject({
      "'ed'@'%'": [
        `CREATE USER \`ed\`@\`%\` IDENTIFIED WITH 'caching_sha2_password' DEFAULT ROLE \`r \`\`2'\`@\`%\` REQUIRE NONE WITH MAX_QUERIES_PER_HOUR 500 PASSWORD EXPIRE DEFAULT ACCOUNT LOCK ${usual}`,
        "GRANT INSERT ON `rights`.* TO `ed`@`%`",
        "GRANT UPDATE ON `rights`.`t` TO `ed`@`%`",
        "GRANT USAGE ON *.* TO `ed`@`%`",
        "GRANT `r ``2'`@`%` TO `ed`@`%` WITH ADMIN OPTION",
      ],
      "'lock'@'10.%'": [
        `CREATE USER \`lock\`@\`10.%\` IDENTIFIED WITH 'caching_sha2_password' REQUIRE SUBJECT '/CN=it's' ISSUER '/CN=b' CIPHER 'c' PASSWORD EXPIRE INTERVAL 9 DAY ACCOUNT LOCK ${usual}`,
        "GRANT USAGE ON *.* TO `lock`@`10.%`",
      ],
      "'r1'@'role'": [
        `CREATE USER \`r1\`@\`role\` IDENTIFIED WITH 'caching_sha2_password' REQUIRE NONE PASSWORD EXPIRE ACCOUNT LOCK ${usual}`,
        "GRANT SELECT ON `rights`.* TO `r1`@`role`",
        "GRANT USAGE ON *.* TO `r1`@`role`",
        "GRANT `r3`@`%` TO `r1`@`role` WITH ADMIN OPTION",
      ],
      "'socket'@'localhost'": [
        `CREATE USER \`socket\`@\`localhost\` IDENTIFIED WITH 'auth_socket' AS '${me}' REQUIRE NONE PASSWORD EXPIRE DEFAULT ACCOUNT UNLOCK ${usual}`,
        "GRANT ALLOW_NONEXISTENT_DEFINER,REPLICATION_SLAVE_ADMIN,SET_ANY_DEFINER,SHOW_ROUTINE,SYSTEM_VARIABLES_ADMIN ON *.* TO `socket`@`localhost`",
        "GRANT DROP ON `rights`.* TO `socket`@`localhost` WITH GRANT OPTION",
        "GRANT PROXY ON `native`@`%` TO `socket`@`localhost`",
        "GRANT RELOAD, REPLICATION CLIENT ON *.* TO `socket`@`localhost`",
      ],
    });
    // What both say alike is the same: all rights but those that were told of.
    const there = await shownAccounts(source);
    for (const name of ["'native'@'%'", "'net'@'10.0.0.0/255.0.0.0'"]) {
      expect(rights(shown[name]!)).toEqual(rights(there[name]!).map((text) => text.replace("`r1`", "`r1`@`role`")));
    }
    expect(await target.sql("SELECT * FROM rights.t")).toEqual(await source.sql("SELECT * FROM rights.t"));
  });

  test("accounts of MySQL come to MariaDB: its roles become roles, and no right grows", async () => {
    await using source = await startMysql({ flavour: "mysql-9.7", settings: clusterSettings("mysql-9.7") });
    await using target = await startMysql({ flavour: "mariadb-11.8" });
    await loadHostileAccounts(source);
    for (const sql of [
      "INSTALL PLUGIN auth_socket SONAME 'auth_socket.so'",
      `CREATE USER mine@localhost IDENTIFIED WITH auth_socket AS '${me}'`,
      "GRANT REPLICATION CLIENT, SUPER, CREATE ROLE, RELOAD ON *.* TO mine@localhost",
      "GRANT SHOW_ROUTINE, CONNECTION_ADMIN, BACKUP_ADMIN ON *.* TO mine@localhost WITH GRANT OPTION",
      "GRANT ALL ON *.* TO two@'%' WITH GRANT OPTION",
      "CREATE ROLE r1@here",
      "GRANT r1@here TO mine@localhost",
      "GRANT native@'%' TO mine@localhost",
    ])
      await source.sql(sql);
    await backUp(source);
    const before = await users(target);
    expect((await restore("mysql-9.7", target)).status).toBe(1);
    expect(await users(target)).toBe(before);
    expect((await told("mysql-9.7", target, "--convert")).toSorted()).toEqual(
      [
        `${locked("caching_sha2_password")}: "@h\\_s%", "expired@%", "full@%", "native@%", "o'd"d\`\\ é@h%_", "two@%"`,
        `${locked("sha256_password")}: "sha@%", "socket@localhost"`,
        'plugin "auth_socket" becomes "unix_socket": "mine@localhost"',
        `${left("PASSWORD HISTORY 3")}: "full@%"`,
        `${left("PASSWORD REUSE INTERVAL 2 DAY")}: "full@%"`,
        `${left("PASSWORD REQUIRE CURRENT")}: "full@%"`,
        `${left("FAILED_LOGIN_ATTEMPTS 3")}: "full@%"`,
        `${left("PASSWORD_LOCK_TIME 2")}: "full@%"`,
        `${left("ATTRIBUTE")}: "full@%", "sha@%"`,
        'account "native@%", which is a role of others, becomes an account and a role "native": "native@%"',
        'role "r1@%" keeps its host as a part of its name, for there are others "r1": "r1@%"',
        'role "r1@here" keeps its host as a part of its name, for there are others "r1": "r1@here"',
        'role "r `2\'@h%" becomes "r `2\'": "r `2\'@h%"',
        'right "INSERT" is left out, which the server cannot take away on single databases as the backup does: "sha@%"',
        `${left('right "BACKUP_ADMIN"')}: "sha@%"`,
        `${left('right "ROLE_ADMIN"')}: "sha@%"`,
        `${left('right "CREATE ROLE"')}: "mine@localhost"`,
        'right "SUPER" becomes "SUPER", "BINLOG ADMIN", "BINLOG MONITOR", "BINLOG REPLAY", "CONNECTION ADMIN", "FEDERATED ADMIN", "READ_ONLY ADMIN", "REPLICATION MASTER ADMIN", "REPLICATION SLAVE ADMIN", "SET USER", "SLAVE MONITOR": "mine@localhost"',
        'right "REPLICATION CLIENT" becomes "BINLOG MONITOR", "SLAVE MONITOR": "mine@localhost"',
        'right "CONNECTION_ADMIN" becomes "CONNECTION ADMIN", "READ_ONLY ADMIN": "mine@localhost"',
        'right "SHOW_ROUTINE" becomes "SHOW CREATE ROUTINE": "mine@localhost"',
        'rights that come from plugins and components lose GRANT OPTION: "mine@localhost"',
        'of several default roles the first one stays: the others are to be set (SET ROLE): "full@%"',
      ]
        .map((change) => `warning: ${change}`)
        .toSorted(),
    );
    const bare = await told("mysql-9.7", target, "--convert", "--no-role-passwords");
    expect(bare.filter((change) => change.includes("plugin"))).toEqual([
      'warning: plugin "auth_socket" becomes "unix_socket": "mine@localhost"',
      expect.stringContaining("lose GRANT OPTION"),
    ]);
    const done = await restore("mysql-9.7", target, "--convert", "--confirm");
    expect({ status: done.status, failed: failures(done.stdout.toString()) }).toEqual({ status: 0, failed: [] });
    expect(await logsInOverSocket(target, "mine")).toBe(true);
    for (const user of ["native", "sha", "two", "full"]) {
      for (const password of ["native's", "sha-256", "two", "pw", ""]) {
        expect([user, await logsIn(target, { user, password })]).toEqual([user, false]);
      }
    }
    const shown = await shownAccounts(target);
    expect(shown).toMatchObject({
      "'full'@'%'": [
        "CREATE USER `full`@`%` REQUIRE ISSUER '/CN=b' SUBJECT '/CN=it's' WITH MAX_QUERIES_PER_HOUR 5 ACCOUNT LOCK PASSWORD EXPIRE INTERVAL 90 DAY",
        "GRANT USAGE ON *.* TO `full`@`%` REQUIRE ISSUER '/CN=b' SUBJECT '/CN=it's' WITH MAX_QUERIES_PER_HOUR 5",
        "GRANT `r ``2'` TO `full`@`%` WITH ADMIN OPTION",
        "GRANT `r1@%` TO `full`@`%` WITH ADMIN OPTION",
        "SET DEFAULT ROLE `r ``2'` FOR `full`@`%`",
      ],
      "'mine'@'localhost'": [
        `CREATE USER \`mine\`@\`localhost\` IDENTIFIED VIA unix_socket USING '${me}'`,
        `GRANT RELOAD, SUPER, BINLOG MONITOR, SET USER, FEDERATED ADMIN, CONNECTION ADMIN, READ_ONLY ADMIN, REPLICATION SLAVE ADMIN, REPLICATION MASTER ADMIN, BINLOG ADMIN, BINLOG REPLAY, SLAVE MONITOR, SHOW CREATE ROUTINE ON *.* TO \`mine\`@\`localhost\` IDENTIFIED VIA unix_socket USING '${me}'`,
        "GRANT `native` TO `mine`@`localhost`",
        "GRANT `r1@here` TO `mine`@`localhost`",
      ],
      "'sha'@'%'": ["CREATE USER `sha`@`%` ACCOUNT LOCK", "GRANT SELECT ON *.* TO `sha`@`%`"],
      "'two'@'%'": ["CREATE USER `two`@`%` ACCOUNT LOCK", "GRANT ALL PRIVILEGES ON *.* TO `two`@`%` WITH GRANT OPTION"],
    });
    const there = await shownAccounts(source);
    expect(rights(shown["'native'@'%'"]!)).toEqual(
      rights(there["'native'@'%'"]!).map((text) => text.replace("`r1`@`%` TO", "`r1@%` TO")),
    );
    // What everybody has by a setting belongs to the server.
    await source.sql("SET GLOBAL mandatory_roles = 'r1@here'");
    const where = ["--repo", join(folder, "mandatory"), "--globals-only", "--json"];
    const again = await mustDbbackup(["backup", "cluster", ...login(source), ...where]);
    expect(JSON.parse(again.stdout.toString()).not_included).toContainEqual(
      expect.objectContaining({ kind: "mandatory-roles", examples: ["r1@here"] }),
    );
    expect(rights(shown["'native'"]!)).toEqual(
      expect.arrayContaining(["GRANT EXECUTE ON FUNCTION `rights`.`f` TO `native` WITH GRANT OPTION"]),
    );
  });
}

/** To newer servers. */
export function accountsToNewerServers(): void {
  test("accounts of MariaDB come to a newer one as they are", async () => {
    await using source = await startMysql({ flavour: "mariadb-10.11" });
    await using target = await startMysql({ flavour: "mariadb-11.8" });
    const accounts = await loadHostileAccounts(source);
    await target.sql("INSTALL SONAME 'auth_ed25519'");
    await backUp(source);
    expect(await told("mariadb-10.11", target)).toEqual([]);
    const done = await restore("mariadb-10.11", target);
    expect({ status: done.status, failed: failures(done.stdout.toString()) }).toEqual({ status: 0, failed: [] });
    // The two do not quote alike.
    expect(await plainlyShown(target)).toEqual(await plainlyShown(source));
    for (const account of accounts) expect([account.user, await logsIn(target, account)]).toEqual([account.user, true]);
  });

  test("accounts of MySQL 5.6 log in with their old passwords on MariaDB", async () => {
    await using source = await startMysql({ flavour: "mysql-5.6" });
    await using target = await startMysql({ flavour: "mariadb-11.8" });
    const accounts = await loadHostileAccounts(source);
    await source.sql("GRANT SUPER, REPLICATION CLIENT ON *.* TO expired@'%'");
    await backUp(source);
    const done = await restore("mysql-5.6", target, "--convert", "--confirm");
    expect({ status: done.status, failed: failures(done.stdout.toString()) }).toEqual({ status: 0, failed: [] });
    for (const account of accounts) expect([account.user, await logsIn(target, account)]).toEqual([account.user, true]);
    const shown = await shownAccounts(target);
    expect(shown["'tls'@'%'"]).toContainEqual(
      expect.stringMatching(
        /^CREATE USER `tls`@`%` IDENTIFIED BY PASSWORD '\*\w{40}' REQUIRE ISSUER '\/CN=b' SUBJECT '\/CN=it's' CIPHER 'c' WITH MAX_QUERIES_PER_HOUR 5 MAX_USER_CONNECTIONS 2$/,
      ),
    );
    expect(shown["'expired'@'%'"]).toEqual([
      expect.stringMatching(/^CREATE USER .* PASSWORD EXPIRE$/),
      expect.stringMatching(/^GRANT SUPER, BINLOG MONITOR, SET USER, .* SLAVE MONITOR ON \*\.\* TO/),
    ]);
    const there = await shownAccounts(source);
    expect(rights(shown["'native'@'%'"]!)).toEqual(rights(there["'native'@'%'"]!));
  });
}

/** Rights that are shown alike by both: on databases, tables and routines, of roles and to stand for others. */
function rights(shown: readonly string[]): string[] {
  return shown
    .filter((text) => text.startsWith("GRANT") && !text.includes(" ON *.* "))
    .map((text) => text.replaceAll(/'([^'`]*)'(?=@|$| WITH)/g, "`$1`").replace(/^GRANT ([^`(]*?) ON/, sortedList))
    .toSorted();
}

async function plainlyShown(server: MysqlServer): Promise<string[]> {
  const shown = Object.entries(await shownAccounts(server));
  return shown.map((account) => JSON.stringify(account).replaceAll(/['`\\]+/g, "'")).toSorted();
}

function sortedList(_: string, list: string): string {
  return `GRANT ${list.split(", ").toSorted().join(", ")} ON`;
}

function failures(said: string): string[] {
  return said.split("\n").flatMap((line) => /^ {2}failed {4}globals: (.*)$/.exec(line)?.[1] ?? []);
}

/** As root@localhost, who may stand for others and let others do so. */
function login(server: MysqlServer): string[] {
  return ["--db-type=mysql", "--socket", server.socket, "--user=root", "--no-defaults"];
}
