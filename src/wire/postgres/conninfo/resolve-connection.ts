import { Socket } from "node:net";
import { join } from "node:path";
import { BackupError } from "../../../core/backup-error.ts";
import { Secret } from "../../../core/secret.ts";
import type { ConnectionRequest } from "../../../ports/connection-request.ts";
import { configError } from "../../net/config-error.ts";
import { readSecretFile } from "../../net/read-secret-file.ts";
import type { KeepAliveSpec } from "../../net/socket-transport.ts";
import { type ConnectionSpec, defaultConnectTimeoutMs, type HostSpec } from "../connection-spec.ts";
import { type ConnectionEnvironment, systemEnvironment } from "./connection-environment.ts";
import { keywords } from "./keywords.ts";
import { isConnectionUrl, parseConnectionUrl } from "./parse-connection-url.ts";
import { parseConninfo } from "./parse-conninfo.ts";
import { findPassword, readPasswordFile } from "./password-file.ts";
import { resolveAuthentication } from "./resolve-authentication.ts";
import { type Address, isLocal, readSocketPath, resolveAddresses } from "./resolve-hosts.ts";
import { resolveTls } from "./resolve-tls.ts";
import { readService } from "./service-file.ts";
import { checkKeyword, invalidSetting, type SettingLayer, SettingLayers } from "./setting-layers.ts";

const protocolVersions = ["3.0", "3.2", "latest"] as const;
const minorOfVersion: Readonly<Record<(typeof protocolVersions)[number], number>> = { "3.0": 0, "3.2": 2, latest: 2 };

/**
 * All that is needed to connect, from flags, URL or keyword string, service file, environment and defaults, in this order
 * of strength. Asks no server.
 * @throws BackupError USAGE for flags that contradict each other, CONFIG for settings that cannot be honoured.
 */
export function resolveConnection(
  request: ConnectionRequest,
  environment: ConnectionEnvironment = systemEnvironment(),
): ConnectionSpec {
  if (request.mysql !== undefined) {
    throw new BackupError({
      code: "USAGE",
      message: "options of MySQL's and MariaDB's clients mean nothing to PostgreSQL",
      hint: "leave them out, or name a server of MySQL or MariaDB",
    });
  }
  const settings = gatherSettings(request, environment);
  const user = settings.get("user") ?? environment.userName;
  if (user === "") throw configError("there is no user name to log in with", "use --user or PGUSER");
  const database = settings.get("dbname") ?? user;
  const addresses = resolveAddresses(settings, environment);
  const tls = resolveTls(settings, addresses, environment);
  const warnings = tlsWarnings(tls, addresses);
  return Object.freeze<ConnectionSpec>({
    hosts: withPasswords(addresses, user, database, settings, request, environment, warnings),
    user,
    database,
    applicationName:
      settings.get("application_name") ??
      settings.get("fallback_application_name") ??
      request.applicationName ??
      "dbbackup",
    options: settings.get("options"),
    clientEncoding: resolveEncoding(settings, environment),
    connectTimeoutMs: resolveConnectTimeout(settings),
    keepAlive: resolveKeepAlive(settings),
    targetSessionAttrs: settings.choice(
      "target_session_attrs",
      ["any", "read-write", "read-only", "primary", "standby", "prefer-standby"],
      "any",
    ),
    loadBalanceHosts: settings.choice("load_balance_hosts", ["disable", "random"], "disable") === "random",
    tls,
    authentication: resolveAuthentication(settings),
    protocol: resolveProtocol(settings),
    warnings,
  });
}

function gatherSettings(request: ConnectionRequest, environment: ConnectionEnvironment): SettingLayers {
  const flags = flagLayer(request);
  const url = urlLayer(request.url, flags);
  const variables = variableLayer(environment);
  const explicit = new SettingLayers([flags, url, variables]);
  const service = explicit.get("service");
  const layers =
    service === undefined
      ? [flags, url, variables]
      : [flags, url, readService(service, explicit.get("servicefile"), environment), variables];
  const settings = new SettingLayers(layers);
  refuseUnsupported(settings);
  return settings;
}

function flagLayer(request: ConnectionRequest): SettingLayer {
  if (request.socket !== undefined && request.host !== undefined) {
    throw new BackupError({
      code: "USAGE",
      message: "--host and --socket exclude each other",
      hint: "use one of them",
    });
  }
  if (request.password !== undefined && request.passwordFile !== undefined) {
    throw new BackupError({
      code: "USAGE",
      message: "--password and --password-file exclude each other",
      hint: "use --password-file",
    });
  }
  const socket = request.socket === undefined ? undefined : readSocketPath(request.socket);
  const values: [string, string | number | undefined][] = [
    ["host", request.host ?? socket?.host],
    ["port", request.port ?? socket?.port],
    ["user", request.user],
    ["password", request.password],
    ["sslmode", request.sslMode],
    ["sslrootcert", request.sslCa],
    ["sslcert", request.sslCert],
    ["sslkey", request.sslKey],
    ["dbname", request.database],
  ];
  const given = values.filter(([, value]) => value !== undefined).map(([name, value]) => [name, `${value}`] as const);
  return { source: "flag", values: new Map(given) };
}

function urlLayer(url: string | undefined, flags: SettingLayer): SettingLayer {
  const source = "--url";
  if (url === undefined) return { source, values: new Map() };
  if (!isConnectionUrl(url) && !url.includes("=")) {
    // Not shown: it may be a password in the wrong place.
    throw configError(
      "the value of --url is neither a URL nor keywords",
      'write "postgres://user@host:5432/database" or "host=... user=... dbname=..."',
    );
  }
  const values = isConnectionUrl(url) ? parseConnectionUrl(url) : parseConninfo(url);
  for (const keyword of values.keys()) checkKeyword(keyword, source);
  if (flags.values.has("host")) {
    // The flag names another place: what the URL says about its own does not belong to it.
    for (const keyword of ["host", "hostaddr", "port"]) values.delete(keyword);
  }
  return { source, values };
}

function variableLayer({ variables }: ConnectionEnvironment): SettingLayer {
  const values = new Map<string, string>();
  for (const { name, variable } of keywords) {
    const value = variable === undefined ? undefined : variables[variable];
    if (value !== undefined) values.set(name, value);
  }
  // The oldest way to say it, which libpq still reads.
  if (!values.has("sslmode") && variables.PGREQUIRESSL?.startsWith("1") === true) values.set("sslmode", "require");
  return { source: "environment", values };
}

/** What no layer may ask for. An empty value asks for nothing. */
function refuseUnsupported(settings: SettingLayers): void {
  for (const { name, refused, variable } of keywords) {
    const setting = refused === undefined ? undefined : settings.find(name);
    if (setting === undefined) continue;
    const shown = setting.source === "environment" ? variable! : name;
    throw configError(`${shown} (${setting.source}) is not supported: ${refused}`, `remove ${shown}`);
  }
  const gss = settings.find("gssencmode");
  if (settings.choice("gssencmode", ["disable", "prefer", "require"], "disable") === "require") {
    throw configError(
      `gssencmode=require (${gss!.source}) is not supported: GSSAPI is not supported`,
      "use TLS: sslmode",
    );
  }
  const replication = settings.find("replication");
  if (replication !== undefined && !["false", "off", "no", "0"].includes(replication.value)) {
    throw configError(
      `replication=${replication.value} (${replication.source}) is not supported: a backup needs an ordinary session`,
      "remove replication",
    );
  }
  const userTimeout = settings.integer("tcp_user_timeout") ?? 0;
  if (userTimeout > 0) {
    throw configError(
      "tcp_user_timeout is not supported: Node.js cannot set it",
      "remove it, or use keepalives_idle, keepalives_interval and keepalives_count",
    );
  }
}

function withPasswords(
  addresses: readonly Address[],
  user: string,
  database: string,
  settings: SettingLayers,
  request: ConnectionRequest,
  environment: ConnectionEnvironment,
  warnings: string[],
): HostSpec[] {
  const text = settings.get("password");
  const given = request.passwordFile === undefined ? text && new Secret(text) : readSecretFile(request.passwordFile);
  if (given) return addresses.map((address) => Object.freeze({ ...address, password: given }));
  const path = settings.get("passfile") ?? join(environment.homeFolder, ".pgpass");
  const file = readPasswordFile(path);
  if (file.warning !== undefined) warnings.push(file.warning);
  const isDefault = settings.get("host") === undefined && settings.get("hostaddr") === undefined;
  return addresses.map((address) => {
    const hosts = passwordFileHosts(address, isDefault, environment);
    const found = findPassword(file.entries, { hosts, port: address.port, database, user });
    return Object.freeze({ ...address, password: found === undefined ? undefined : new Secret(found) });
  });
}

/** A socket in a usual folder, and the host that nobody named, are `localhost` in a password file. */
function passwordFileHosts(address: Address, isDefault: boolean, environment: ConnectionEnvironment): string[] {
  if (address.kind === "tcp") return isDefault ? [address.host, "localhost"] : [address.host];
  return environment.socketFolders.includes(address.folder) ? [address.folder, "localhost"] : [address.folder];
}

function resolveEncoding(settings: SettingLayers, { variables }: ConnectionEnvironment): string | undefined {
  const encoding = settings.get("client_encoding");
  if (encoding !== "auto") return encoding;
  const locale = variables.LC_ALL || variables.LC_CTYPE || variables.LANG || "C";
  return /\.([A-Za-z0-9-]+)/.exec(locale)?.[1] ?? "SQL_ASCII";
}

function resolveConnectTimeout(settings: SettingLayers): number {
  const seconds = settings.integer("connect_timeout");
  if (seconds === undefined) return defaultConnectTimeoutMs;
  // More than 24 days is more than a timer can count; nobody waits so long.
  return seconds <= 0 ? 0 : Math.min(seconds * 1000, 2 ** 31 - 1);
}

function resolveKeepAlive(settings: SettingLayers): KeepAliveSpec {
  const positive = (keyword: string): number | undefined => {
    const value = settings.integer(keyword);
    // As in libpq, 0 and less mean the system's value.
    return value === undefined || value <= 0 ? undefined : value;
  };
  const intervalSeconds = positive("keepalives_interval");
  const count = positive("keepalives_count");
  // Older releases of Node take the idle time only, and say nothing about the rest.
  if ((intervalSeconds !== undefined || count !== undefined) && Socket.prototype.setKeepAlive.length < 4) {
    throw configError(
      "keepalives_interval and keepalives_count need a newer Node.js",
      "remove them, or update Node.js",
    );
  }
  return {
    enabled: settings.flag("keepalives", true),
    idleSeconds: positive("keepalives_idle"),
    intervalSeconds,
    count,
  };
}

function resolveProtocol(settings: SettingLayers): ConnectionSpec["protocol"] {
  const maxMinor = minorOfVersion[settings.choice("max_protocol_version", protocolVersions, "3.0")];
  const minMinor = minorOfVersion[settings.choice("min_protocol_version", protocolVersions, "3.0")];
  if (minMinor <= maxMinor) return { maxMinor, minMinor };
  // Only the lower bound was given: the upper one follows it.
  if (settings.get("max_protocol_version") === undefined) return { maxMinor: minMinor, minMinor };
  throw invalidSetting(settings.find("min_protocol_version")!, "it must not be above max_protocol_version");
}

function tlsWarnings(tls: ConnectionSpec["tls"], addresses: readonly Address[]): string[] {
  if (addresses.every(isLocal) || tls.mode === "verify-full") return [];
  if (tls.mode === "disable") return ["sslmode=disable: nothing is encrypted on the network"];
  if (tls.mode === "allow" || tls.mode === "prefer") {
    return [
      `sslmode=${tls.mode}: the connection may be unencrypted, and the server's identity is not checked; ` +
        "use sslmode=verify-full with a CA certificate",
    ];
  }
  if (tls.mode === "require" && tls.roots.kind === "none") {
    return [
      "sslmode=require: encrypted, but the server's identity is not checked; use sslmode=verify-full with a CA certificate",
    ];
  }
  return [`sslmode=${tls.mode}: the server's certificate is checked, but not that it belongs to the host`];
}
