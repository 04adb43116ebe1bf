import { existsSync } from "node:fs";
import { isIP } from "node:net";
import { basename, dirname } from "node:path";
import { configError } from "../../net/config-error.ts";
import type { HostSpec } from "../connection-spec.ts";
import type { ConnectionEnvironment } from "./connection-environment.ts";
import { invalidSetting, type Setting, type SettingLayers } from "./setting-layers.ts";

const defaultPort = 5432;
const defaultTcpHost = "127.0.0.1";

/** A host whose password is not looked up yet. */
export type Address = HostSpec;

/** The hosts of `host`, `hostaddr` and `port`: lists separated by commas, as in libpq. */
export function resolveAddresses(settings: SettingLayers, environment: ConnectionEnvironment): Address[] {
  const hosts = list(settings.find("host"));
  const addresses = list(settings.find("hostaddr"));
  const ports = list(settings.find("port"));
  const count = Math.max(hosts.length, addresses.length, 1);
  if (hosts.length > 0 && addresses.length > 0 && hosts.length !== addresses.length) {
    throw configError(
      `there are ${hosts.length} values of host and ${addresses.length} of hostaddr`,
      "give one hostaddr for each host, empty where there is none",
    );
  }
  if (ports.length > 1 && ports.length !== count) {
    throw configError(`there are ${count} hosts and ${ports.length} ports`, "give one port, or one for each host");
  }
  return Array.from({ length: count }, (_, index) => {
    const port = portOf(settings.find("port"), ports.length > 1 ? ports[index]! : (ports[0] ?? ""));
    return addressOf(hosts[index] ?? "", addresses[index] ?? "", port, settings, environment);
  });
}

function addressOf(
  host: string,
  address: string,
  port: number,
  settings: SettingLayers,
  environment: ConnectionEnvironment,
): Address {
  if (address !== "") {
    if (isIP(address) === 0) throw invalidSetting(settings.find("hostaddr")!, "use an IPv4 or IPv6 address");
    return { kind: "tcp", host: host === "" ? address : host, address, port, password: undefined };
  }
  if (host === "") return defaultAddress(port, environment);
  if (host.startsWith("/") || host.startsWith("@")) return { kind: "unix", folder: host, port, password: undefined };
  return { kind: "tcp", host, address: undefined, port, password: undefined };
}

/** The server of this machine: its Unix socket where there is one. */
function defaultAddress(port: number, environment: ConnectionEnvironment): Address {
  const folder = environment.socketFolders.find((one) => existsSync(`${one}/.s.PGSQL.${port}`));
  if (folder !== undefined) return { kind: "unix", folder, port, password: undefined };
  return { kind: "tcp", host: defaultTcpHost, address: undefined, port, password: undefined };
}

function portOf(setting: Setting | undefined, text: string): number {
  if (text === "" || setting === undefined) return defaultPort;
  const port = /^\s*\d{1,5}\s*$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw invalidSetting(setting, "use a port between 1 and 65535");
  return port;
}

function list(setting: Setting | undefined): string[] {
  return setting === undefined ? [] : setting.value.split(",");
}

/** Splits the path of a Unix socket, or of its folder, into what `host` and `port` mean. */
export function readSocketPath(path: string): { readonly host: string; readonly port: string | undefined } {
  const port = /^\.s\.PGSQL\.(\d{1,5})$/.exec(basename(path))?.[1];
  return port === undefined ? { host: path, port } : { host: dirname(path), port };
}

/** Whether bytes to it never leave this machine. */
export function isLocal(address: Address): boolean {
  if (address.kind === "unix") return true;
  const host = address.address ?? address.host;
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
