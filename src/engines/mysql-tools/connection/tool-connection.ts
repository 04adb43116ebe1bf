import { resolve } from "node:path";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { MysqlTlsSpec } from "../../../wire/mysql/connection-spec.ts";
import type { TlsVersion } from "../../../wire/net/tls/tls-material.ts";
import type { PrivateFolder } from "../../common/tools/private-folder.ts";
import type { MysqlToolVersion } from "../tool-version.ts";
import { formatOptionFile, type OptionLines } from "./option-file.ts";
import { splitCiphers, unsafeMysqlSettings } from "./unsafe-settings.ts";

/** What of our own connection the tool's must have in common: where it led, over which channel. */
export type OpenedMysql = Pick<MysqlConnection, "spec" | "channel">;

/**
 * Writes the option file that makes a tool connect to the very server that our own connection reached, with the same
 * certainty about who it is. All that is secret stands in it, and only its path is an argument.
 * @returns the argument; it must be the first
 * @throws BackupError CONFIG for settings that the tool cannot be given
 */
export async function mysqlToolConnection(
  opened: OpenedMysql,
  tool: MysqlToolVersion,
  folder: PrivateFolder,
): Promise<string> {
  unsafeMysqlSettings(opened, tool);
  const { spec } = opened;
  const options: OptionLines = {
    ...addressOf(opened),
    user: spec.user,
    password: spec.password?.reveal(),
    ...(opened.channel.kind === "tls" ? await tlsOf(spec.tls, tool, folder) : noTls(tool)),
    ...(await authenticationOf(opened, tool, folder)),
  };
  return `--defaults-file=${await folder.write("options", formatOptionFile(options))}`;
}

/** The address that answered; with a certificate that names the host, its name. */
function addressOf({ spec: { host, tls }, channel }: OpenedMysql): OptionLines {
  if (host.kind === "unix") return { protocol: "socket", socket: host.path };
  const needsName = channel.kind === "tls" && tls.mode === "verify-full";
  return { protocol: "tcp", host: needsName ? host.host : (host.address ?? host.host), port: host.port };
}

function noTls({ flavour }: MysqlToolVersion): OptionLines {
  return flavour === "mysql" ? { "ssl-mode": "DISABLED" } : { "skip-ssl": true };
}

/** Where our own connection is encrypted, the tool's must be, and the certificate is checked as ours was. */
async function tlsOf(tls: MysqlTlsSpec, { flavour }: MysqlToolVersion, folder: PrivateFolder): Promise<OptionLines> {
  const { roots, clientCertificate, revocationLists } = tls;
  const files = clientCertificate?.files;
  const { older, newer } = splitCiphers(tls.ciphers);
  return {
    ...(flavour === "mysql" ? { "ssl-mode": mysqlMode(tls) } : mariadbMode(tls)),
    "ssl-ca": roots.kind === "pem" ? await folder.write("roots", `${roots.certificates}\n`) : undefined,
    "ssl-cert": files === undefined ? undefined : resolve(files.certificate),
    "ssl-key": files === undefined ? undefined : resolve(files.key),
    "ssl-crl":
      revocationLists.length === 0 ? undefined : await folder.write("revoked", `${revocationLists.join("\n")}\n`),
    "tls-version": versionsOf(tls),
    "ssl-cipher": older,
    "tls-ciphersuites": flavour === "mysql" ? newer : undefined,
  };
}

/** Roots that are there are used with every mode, as our own connection does. */
function mysqlMode({ mode, roots }: MysqlTlsSpec): string {
  if (mode === "verify-full") return "VERIFY_IDENTITY";
  return roots.kind === "none" ? "REQUIRED" : "VERIFY_CA";
}

function mariadbMode({ mode }: MysqlTlsSpec): OptionLines {
  return { ssl: true, [mode === "verify-full" ? "ssl-verify-server-cert" : "skip-ssl-verify-server-cert"]: true };
}

const versions: readonly (TlsVersion | undefined)[] = ["TLSv1.2", "TLSv1.3"];

function versionsOf({ minVersion, maxVersion }: MysqlTlsSpec): string | undefined {
  if (minVersion === undefined && maxVersion === undefined) return undefined;
  const least = versions.indexOf(minVersion);
  const most = maxVersion === "TLSv1.2" ? 0 : 1;
  return versions.slice(Math.max(0, least), most + 1).join(",");
}

async function authenticationOf(
  { spec: { authentication } }: OpenedMysql,
  { flavour }: MysqlToolVersion,
  folder: PrivateFolder,
): Promise<OptionLines> {
  // Those of MariaDB have other means, and no such options.
  if (flavour !== "mysql") return {};
  const { serverPublicKey, askForPublicKey, clearPassword } = authentication;
  const key = serverPublicKey?.export({ type: "spki", format: "pem" });
  return {
    "server-public-key-path": key === undefined ? undefined : await folder.write("public-key", key.toString()),
    "get-server-public-key": askForPublicKey ? true : undefined,
    "enable-cleartext-plugin": clearPassword ? true : undefined,
  };
}

/** Their whole environment, beside PATH: login paths and the user's own files are not read. */
export function mysqlToolEnvironment(folder: PrivateFolder): Readonly<Record<string, string>> {
  return { HOME: folder.path, MYSQL_TEST_LOGIN_FILE: folder.nothing("login-paths") };
}
