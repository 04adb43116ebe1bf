import { createPublicKey, type KeyObject } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { BackupError } from "../../../core/backup-error.ts";
import { Secret } from "../../../core/secret.ts";
import type { ConnectionRequest, MysqlConnectionOptions } from "../../../ports/connection-request.ts";
import { configError } from "../../net/config-error.ts";
import { readSecretFile } from "../../net/read-secret-file.ts";
import { shownText } from "../../net/shown-text.ts";
import { type MysqlConnectionSpec, type MysqlHost, mysqlConnectionSpec } from "../connection-spec.ts";
import { ClientSettings, type SettingLayer } from "./client-settings.ts";
import { type MysqlEnvironment, systemMysqlEnvironment } from "./mysql-environment.ts";
import type { ClientOptionName } from "./option-names.ts";
import { isMysqlUrl, parseMysqlUrl } from "./parse-mysql-url.ts";
import { readOptionFiles } from "./read-option-files.ts";
import { mysqlTlsWarnings, resolveMysqlTls } from "./resolve-mysql-tls.ts";

const defaultPort = 3306;
const longestTimeoutSeconds = 2_000_000;

/**
 * All that is needed to connect, from flags, URL, option files, environment and defaults, in this order of strength. Asks
 * no server.
 * @throws BackupError USAGE for flags that contradict each other, CONFIG for settings that cannot be honoured
 */
export async function resolveMysqlConnection(
  request: ConnectionRequest,
  environment: MysqlEnvironment = systemMysqlEnvironment(),
): Promise<MysqlConnectionSpec> {
  const options = request.mysql ?? {};
  const files = readOptionFiles(options, environment);
  const settings = new ClientSettings([
    flagLayer(request, options),
    urlLayer(request),
    { source: "option file", values: files.values },
    variableLayer(environment),
  ]);
  const user = settings.get("user") ?? environment.userName;
  if (user === "") throw configError("there is no user name to log in with", "use --user");
  const host = resolveHost(settings, environment);
  const tls = resolveMysqlTls(settings, host);
  const seconds = settings.integer("connect-timeout", 0, longestTimeoutSeconds);
  const password = resolvePassword(request, settings, files.passwordFile);
  return mysqlConnectionSpec({
    host,
    user,
    password,
    database: settings.get("database"),
    tls,
    authentication: {
      clearPassword: settings.flag("enable-cleartext-plugin") === true,
      serverPublicKey: resolvePublicKey(settings),
      askForPublicKey: settings.flag("get-server-public-key") === true,
    },
    warnings: [
      ...files.warnings,
      ...(password === undefined ? loginPathWarning(environment) : []),
      ...mysqlTlsWarnings(tls, host),
    ],
    ...(seconds === undefined ? {} : { connectTimeoutMs: seconds * 1000 }),
    ...(request.applicationName === undefined ? {} : { applicationName: request.applicationName }),
  });
}

function flagLayer(request: ConnectionRequest, options: MysqlConnectionOptions): SettingLayer {
  if (request.socket !== undefined && request.host !== undefined) throw contradiction("host", "socket");
  if (request.password !== undefined && request.passwordFile !== undefined) {
    throw contradiction("password", "password-file");
  }
  const values: [ClientOptionName, string | number | undefined][] = [
    ["host", request.host],
    ["port", request.port],
    ["socket", request.socket],
    ["user", request.user],
    ["password", request.password],
    ["database", request.database],
    ["ssl-mode", request.sslMode],
    ["ssl-ca", request.sslCa],
    ["ssl-cert", request.sslCert],
    ["ssl-key", request.sslKey],
    ["ssl-capath", options.sslCapath],
    ["ssl-crl", options.sslCrl],
    ["ssl-cipher", options.sslCipher],
    ["tls-version", options.tlsVersion],
    ["server-public-key-path", options.serverPublicKeyPath],
    ["get-server-public-key", flagText(options.getServerPublicKey)],
    ["enable-cleartext-plugin", flagText(options.enableCleartextPlugin)],
  ];
  const given = values.filter(([, value]) => value !== undefined).map(([name, value]) => [name, `${value}`] as const);
  return { source: "flag", values: placed(new Map(given)) };
}

function flagText(value: boolean | undefined): string | undefined {
  if (value === undefined) return undefined;
  return value ? "1" : "0";
}

function urlLayer({ url, host, socket }: ConnectionRequest): SettingLayer {
  const source = "--url";
  if (url === undefined) return { source, values: new Map() };
  if (!isMysqlUrl(url)) {
    // Not shown: it may be a password in the wrong place.
    throw configError("the value of --url is no URL", 'write "mysql://user@host:3306/database", or "mariadb://..."');
  }
  const values = parseMysqlUrl(url);
  if (host !== undefined || socket !== undefined) {
    // The flag names another place: what the URL says about its own does not belong to it.
    for (const name of ["host", "socket", "port", "protocol"]) values.delete(name);
  }
  return { source, values: placed(values) };
}

/** Who names another host or a port means no socket that weaker places name, and the other way round. */
function placed(values: Map<string, string>): Map<string, string> {
  const host = values.get("host");
  if (host === undefined && values.has("socket")) values.set("host", "");
  else if (!values.has("socket") && (values.has("port") || (host !== undefined && host !== "localhost"))) {
    values.set("socket", "");
  }
  return values;
}

function variableLayer({ variables }: MysqlEnvironment): SettingLayer {
  const names = [
    ["host", "MYSQL_HOST"],
    ["port", "MYSQL_TCP_PORT"],
    ["socket", "MYSQL_UNIX_PORT"],
    ["password", "MYSQL_PWD"],
  ] as const;
  const given = names.flatMap(([name, variable]) => {
    const value = variables[variable];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { source: "environment", values: new Map(given) };
}

/**
 * A socket that is named wins, then a host. `localhost` is the Unix socket to the clients, also with a port, where that
 * means nothing; here who names a port gets it. When nobody names a place: the socket of a usual place if there is one,
 * else 127.0.0.1.
 */
function resolveHost(settings: ClientSettings, environment: MysqlEnvironment): MysqlHost {
  const host = settings.get("host");
  const socket = settings.get("socket");
  const port = settings.integer("port", 1, 65_535);
  const protocol = settings.choice("protocol", ["tcp", "socket"]);
  const tcp = (name: string): MysqlHost => ({ kind: "tcp", host: name, port: port ?? defaultPort });
  const isHere = host === undefined || host === "localhost";
  if (protocol !== "tcp" && isHere) {
    if (socket !== undefined) return { kind: "unix", path: socket };
    const found = environment.socketPaths.find((path) => existsSync(path));
    if (found !== undefined && (port === undefined || protocol === "socket")) return { kind: "unix", path: found };
  }
  if (protocol !== "socket") return tcp(host ?? "127.0.0.1");
  throw configError(
    isHere ? "there is no Unix socket in the usual places" : "protocol=socket contradicts the name of another host",
    "name the socket with --socket",
  );
}

function resolvePassword(
  { passwordFile }: ConnectionRequest,
  settings: ClientSettings,
  optionFile: string | undefined,
): Secret | undefined {
  if (passwordFile !== undefined) return readSecretFile(passwordFile);
  const found = settings.find("password");
  if (found === undefined || found.value === "") return undefined;
  if (found.source === "option file" && optionFile !== undefined) refuseReadableByOthers(optionFile);
  return new Secret(found.value);
}

/** A system-wide file may be read by all: that is only wrong of one that holds a password which is used. */
function refuseReadableByOthers(path: string): void {
  if (process.platform === "win32" || (statSync(path).mode & 0o077) === 0) return;
  const name = shownText(path);
  throw configError(`option file "${name}" holds the password and can be read by others`, `run: chmod 600 '${name}'`);
}

function resolvePublicKey(settings: ClientSettings): KeyObject | undefined {
  const path = settings.get("server-public-key-path");
  if (path === undefined) return undefined;
  try {
    return createPublicKey(readFileSync(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code?.startsWith("ERR_") === false ? `cannot be read: ${code}` : "holds no RSA key in PEM format";
    throw configError(
      `server-public-key-path "${shownText(path)}" ${reason}`,
      "name the server's public_key.pem",
      error,
    );
  }
}

/** MySQL's clients would read it, and log in by it. */
function loginPathWarning({ variables, homeFolder }: MysqlEnvironment): string[] {
  const path = variables.MYSQL_TEST_LOGIN_FILE ?? join(homeFolder, ".mylogin.cnf");
  if (!existsSync(path)) return [];
  return [`login paths are not read, and there is "${shownText(path)}"; use --password-file or ~/.my.cnf`];
}

function contradiction(one: string, other: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: `--${one} and --${other} exclude each other`,
    hint: "use one of them",
  });
}
