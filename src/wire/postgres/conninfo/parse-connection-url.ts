import { configError } from "../../net/config-error.ts";
import { shownText } from "../../net/shown-text.ts";
import { checkKeyword } from "./setting-layers.ts";

const scheme = /^postgres(?:ql)?:\/\//;

export function isConnectionUrl(text: string): boolean {
  return scheme.test(text);
}

/**
 * Reads `postgresql://user:password@host1:port1,host2:port2/database?keyword=value` as libpq does (manual, "Connection
 * URIs"): every part may be missing and may be percent-encoded, IPv6 addresses stand in brackets, keywords after `?` win
 * over the parts in front of it.
 * @throws BackupError CONFIG; its message never holds the password.
 */
export function parseConnectionUrl(url: string): Map<string, string> {
  const settings = new Map<string, string>();
  // The user's part may hold a "?", the rest only in front of the keywords.
  const [, user, hosts = "", database = "", query = ""] =
    /^(?:([^@/]*)@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(url.replace(scheme, "")) ?? [];
  if (user !== undefined) readUser(user, settings);
  readHosts(hosts, settings);
  if (database !== "") settings.set("dbname", decode(database, "database"));
  // One "&" at the end is no error, as in libpq.
  const pairs = query.replace(/&$/, "");
  for (const pair of pairs === "" ? [] : pairs.split("&")) readQueryPair(pair, settings);
  return settings;
}

function readUser(text: string, settings: Map<string, string>): void {
  const colon = text.indexOf(":");
  const user = colon < 0 ? text : text.slice(0, colon);
  if (user !== "") settings.set("user", decode(user, "user"));
  const password = colon < 0 ? "" : text.slice(colon + 1);
  if (password !== "") settings.set("password", decode(password, "password"));
}

function readHosts(text: string, settings: Map<string, string>): void {
  const hosts: string[] = [];
  const ports: string[] = [];
  for (const entry of text.split(",")) {
    const match = /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(.*))?$/s.exec(entry);
    if (match === null) {
      throw configError(
        `the host "${shownText(entry)}" in the URL cannot be read`,
        "write IPv6 addresses in brackets: [::1]:5432",
      );
    }
    hosts.push(decode(match[1] ?? match[2] ?? "", "host"));
    ports.push(decode(match[3] ?? "", "port"));
  }
  if (hosts.some((host) => host !== "")) settings.set("host", hosts.join(","));
  if (ports.some((port) => port !== "")) settings.set("port", ports.join(","));
}

function readQueryPair(pair: string, settings: Map<string, string>): void {
  const [name = "", value, ...rest] = pair.split("=");
  const keyword = decode(name, "keyword");
  if (value === undefined || rest.length > 0) {
    throw configError(
      `the part "${shownText(keyword)}" after "?" in the URL is not keyword=value`,
      'write each as keyword=value, joined by "&", with "=" and "&" in values as %3D and %26',
    );
  }
  // What drivers for Java write.
  if (keyword === "ssl" && value === "true") {
    settings.set("sslmode", "require");
    return;
  }
  checkKeyword(keyword, "--url");
  settings.set(keyword, decode(value, keyword));
}

function decode(text: string, part: string): string {
  try {
    const decoded = decodeURIComponent(text);
    if (!decoded.includes("\0")) return decoded;
  } catch {
    // Said below, without the text: it may be the password.
  }
  throw configError(
    `the ${part} in the URL has a wrong percent sign`,
    'write "%" itself as %25, and other special characters as % and two hexadecimal digits of UTF-8',
  );
}
