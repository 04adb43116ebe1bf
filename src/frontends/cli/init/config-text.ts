import type { InitChoices } from "../../../commands/init/init-request.ts";

/** The configuration file of a first run, with comments. It holds no secret. Pure. */
export function configText({ connection, database, repository, keyFile, server }: InitChoices): string {
  const { dbType, url, host, port, user, socket, sslMode } = connection;
  const source: [string, string | number | undefined][] = [
    ["url", url === undefined ? undefined : withoutPassword(url)],
    ["db_type", url === undefined ? dbType : undefined],
    ["host", host],
    ["port", port],
    ["socket", socket],
    ["user", user],
    ["ssl_mode", sslMode],
  ];
  return [
    `# Configuration of dbbackup, made by "dbbackup init". docs/configuration.md explains all of it;`,
    "# dbbackup config check tells whether it is right.",
    "",
    `# The server: ${oneLine(server.product)}. What is not said here is found as its own clients find it (PG* and MYSQL_* variables,`,
    "# ~/.pgpass, ~/.my.cnf). A password stands in a file of its own, in a variable, or in Vault.",
    "[source]",
    ...source.flatMap(([key, value]) => (value === undefined ? [] : [`${key} = ${toml(value)}`])),
    passwordLine(connection),
    "",
    "# Where backups live: a folder, or s3://, azure://, gs://, sftp:// (docs/storage.md).",
    "[repository]",
    `url = ${toml(repository)}`,
    "",
    "# Without the key nobody can read the backups: keep a copy of it elsewhere (docs/encryption.md).",
    ...(keyFile === undefined
      ? ["# [encryption]", "# encrypt = true", '# key_file = "/etc/dbbackup/dbbackup.key"']
      : ["[encryption]", "encrypt = true", `key_file = ${toml(keyFile)}`]),
    "",
    '# What "dbbackup cleanup" keeps; nothing is removed by itself (docs/retention.md).',
    "[retention]",
    "days = 30",
    "min_backups = 3",
    "",
    "# From now on:",
    `#   dbbackup backup single ${oneLine(database)}`,
    `#   dbbackup verify latest:${oneLine(database)} --restore${keyFile === undefined ? "" : " --plain-scratch"}`,
    "#   dbbackup cleanup --dry-run",
    "",
  ].join("\n");
}

function passwordLine({ passwordFile, passwordVault }: InitChoices["connection"]): string {
  if (passwordVault !== undefined) return `password = { vault = ${toml(passwordVault)} }`;
  if (passwordFile !== undefined) return `password = { file = ${toml(passwordFile)} }`;
  return '# password = { file = "/etc/dbbackup/password" }';
}

/** It must not end a comment. */
function oneLine(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/gu, "?");
}

/** Texts as TOML's basic strings, which take JSON's escapes; DEL, which JSON leaves, is not allowed. */
function toml(value: string | number): string {
  return JSON.stringify(value).replaceAll("\u007f", "\\u007f");
}

function withoutPassword(url: string): string {
  return url.replace(/^([a-z]+:\/\/[^/@:]*):[^/@]*@/, "$1@");
}
