import { existsSync } from "node:fs";
import { BackupError } from "../../../core/backup-error.ts";
import { Secret } from "../../../core/secret.ts";
import type { ConnectionRequest } from "../../../ports/connection-request.ts";
import { configError } from "../../net/config-error.ts";
import { readSecretFile } from "../../net/read-secret-file.ts";
import { type MysqlConnectionSpec, type MysqlHost, mysqlConnectionSpec } from "../connection-spec.ts";
import { ClientSettings, type SettingLayer } from "./client-settings.ts";
import { type MysqlEnvironment, systemMysqlEnvironment } from "./mysql-environment.ts";
import { isMysqlUrl, parseMysqlUrl } from "./parse-mysql-url.ts";

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
  const settings = new ClientSettings([flagLayer(request), urlLayer(request), variableLayer(environment)]);
  const user = settings.get("user") ?? environment.userName;
  if (user === "") throw configError("there is no user name to log in with", "use --user");
  const seconds = settings.integer("connect-timeout", 0, longestTimeoutSeconds);
  return mysqlConnectionSpec({
    host: resolveHost(settings, environment),
    user,
    password: resolvePassword(request, settings),
    database: settings.get("database"),
    ...(seconds === undefined ? {} : { connectTimeoutMs: seconds * 1000 }),
    ...(request.applicationName === undefined ? {} : { applicationName: request.applicationName }),
  });
}

function flagLayer(request: ConnectionRequest): SettingLayer {
  if (request.socket !== undefined && request.host !== undefined) throw contradiction("host", "socket");
  if (request.password !== undefined && request.passwordFile !== undefined) {
    throw contradiction("password", "password-file");
  }
  const values: [string, string | number | undefined][] = [
    ["host", request.host],
    ["port", request.port],
    ["socket", request.socket],
    ["user", request.user],
    ["password", request.password],
    ["database", request.database],
  ];
  const given = values.filter(([, value]) => value !== undefined).map(([name, value]) => [name, `${value}`] as const);
  return { source: "flag", values: placed(new Map(given)) };
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

/** Who names another host means no socket that weaker places name, and the other way round. */
function placed(values: Map<string, string>): Map<string, string> {
  const host = values.get("host");
  if (host === undefined && values.has("socket")) values.set("host", "");
  else if (host !== undefined && host !== "localhost" && !values.has("socket")) values.set("socket", "");
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

function resolvePassword({ passwordFile }: ConnectionRequest, settings: ClientSettings): Secret | undefined {
  if (passwordFile !== undefined) return readSecretFile(passwordFile);
  const text = settings.get("password");
  return text === undefined ? undefined : new Secret(text);
}

function contradiction(one: string, other: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: `--${one} and --${other} exclude each other`,
    hint: "use one of them",
  });
}
