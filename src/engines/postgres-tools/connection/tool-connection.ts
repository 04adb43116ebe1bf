import { resolve } from "node:path";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import type { ConnectionSpec, HostSpec, TlsSpec } from "../../../wire/postgres/connection-spec.ts";
import type { PrivateFolder } from "../../common/tools/private-folder.ts";
import { formatConninfo, passwordLine } from "./conninfo.ts";
import { refuseUnsafeSettings } from "./unsafe-settings.ts";

type Settings = Record<string, string | number | undefined>;

/** What of our own connection the tool's must have in common. */
export type OpenedConnection = Pick<PgConnection, "host" | "transportKind">;

/**
 * What makes a tool connect to the very server that our own connection reached, with the same certainty about who it is.
 * Secrets go into files of the folder; the text names them, and may be seen by everybody.
 * @param opened our own connection
 * @throws BackupError CONFIG for settings that the tool cannot be given
 */
export async function toolConnection(
  spec: ConnectionSpec,
  opened: OpenedConnection,
  tool: { readonly major: number; readonly options?: string },
  folder: PrivateFolder,
): Promise<string> {
  const { major } = tool;
  const { host } = opened;
  refuseUnsafeSettings({ ...spec, hosts: [host] }, major);
  const password = host.password?.reveal();
  const options = [spec.options, tool.options].filter((text) => text !== undefined).join(" ");
  return formatConninfo({
    ...addressOf(host),
    user: spec.user,
    dbname: spec.database,
    passfile:
      password === undefined ? folder.nothing("passwords") : await folder.write("passwords", passwordLine(password)),
    application_name: spec.applicationName,
    options: options === "" ? undefined : options,
    connect_timeout: spec.connectTimeoutMs === 0 ? undefined : Math.ceil(spec.connectTimeoutMs / 1000),
    ...keepAliveOf(spec),
    ...(await tlsOf(spec.tls, opened, major, folder)),
    ...authenticationOf(spec, opened, major),
  });
}

function addressOf(host: HostSpec): Settings {
  if (host.kind === "unix") return { host: host.folder, port: host.port };
  return { host: host.host, hostaddr: host.address, port: host.port };
}

function keepAliveOf({ keepAlive }: ConnectionSpec): Settings {
  if (!keepAlive.enabled) return { keepalives: 0 };
  return {
    keepalives_idle: keepAlive.idleSeconds,
    keepalives_interval: keepAlive.intervalSeconds,
    keepalives_count: keepAlive.count,
  };
}

/** All files are named, so that the tool does not look for any in the user's home. */
async function tlsOf(tls: TlsSpec, opened: OpenedConnection, major: number, folder: PrivateFolder): Promise<Settings> {
  const { clientCertificate, revocationLists, roots } = tls;
  const files = clientCertificate?.files;
  return {
    sslmode: modeOf(tls, opened),
    gssencmode: major >= 12 ? "disable" : undefined,
    sslnegotiation: tls.negotiation === "direct" ? "direct" : undefined,
    sslrootcert:
      roots.kind === "pem" ? resolve(roots.path) : roots.kind === "system" ? "system" : folder.nothing("roots"),
    sslcert: files === undefined ? folder.nothing("certificate") : resolve(files.certificate),
    sslkey: files === undefined ? folder.nothing("key") : resolve(files.key),
    sslcertmode: major >= 16 && tls.certificateMode !== "allow" ? tls.certificateMode : undefined,
    sslcrl:
      revocationLists.length === 0
        ? folder.nothing("revoked")
        : await folder.write("revoked", `${revocationLists.join("\n")}\n`),
    sslsni: major >= 14 && !tls.sni ? 0 : undefined,
    ssl_min_protocol_version: major >= 13 ? tls.minVersion : undefined,
    ssl_max_protocol_version: tls.maxVersion,
  };
}

/** Where our own connection is encrypted, the tool's must not be less. */
function modeOf({ mode }: TlsSpec, { transportKind }: OpenedConnection): string {
  return transportKind === "tls" && (mode === "allow" || mode === "prefer") ? "require" : mode;
}

function authenticationOf(spec: ConnectionSpec, opened: OpenedConnection, major: number): Settings {
  const { channelBinding, allowed } = spec.authentication;
  return {
    channel_binding: major >= 13 ? channelBinding : undefined,
    require_auth: major >= 16 ? (allowed === undefined ? refusedMethods(opened) : [...allowed].join(",")) : undefined,
    max_protocol_version: spec.protocol.maxMinor > 0 ? `3.${spec.protocol.maxMinor}` : undefined,
    min_protocol_version: spec.protocol.minMinor > 0 ? `3.${spec.protocol.minMinor}` : undefined,
  };
}

/** As our own connections: a password in clear only when asked for, its MD5 hash not where others may listen. */
function refusedMethods({ host, transportKind }: OpenedConnection): string {
  const isPrivate = transportKind !== "tcp" || (host.kind === "tcp" && /^(localhost|127\.|::1$)/.test(host.host));
  return isPrivate ? "!password" : "!password,!md5";
}
