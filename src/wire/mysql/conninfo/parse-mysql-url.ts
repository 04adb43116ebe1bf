import { configError } from "../../net/config-error.ts";
import { shownText } from "../../net/shown-text.ts";
import { optionName } from "./option-names.ts";

const scheme = /^(?:mysql|mariadb):\/\//;

export function isMysqlUrl(text: string): boolean {
  return scheme.test(text);
}

/**
 * Reads `mysql://user:password@host:port/database?ssl-mode=REQUIRED` (MySQL Shell's manual, "Connecting Using URI-Like
 * Connection Strings"): every part may be missing and may be percent-encoded, IPv6 addresses stand in brackets; a host
 * that begins with `/` is a socket.
 * @throws BackupError CONFIG; its message never holds the password
 */
export function parseMysqlUrl(url: string): Map<string, string> {
  const settings = new Map<string, string>();
  const [, user, host = "", database = "", query = ""] =
    /^(?:([^@/]*)@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(url.replace(scheme, "")) ?? [];
  if (user !== undefined) readUser(user, settings);
  readHost(host, settings);
  if (database !== "") settings.set("database", decode(database, "database"));
  for (const pair of query === "" ? [] : query.split("&")) readPair(pair, settings);
  return settings;
}

function readUser(text: string, settings: Map<string, string>): void {
  const colon = text.indexOf(":");
  const user = colon < 0 ? text : text.slice(0, colon);
  if (user !== "") settings.set("user", decode(user, "user"));
  // An empty password is one: `user:@host` says that there is none to ask for.
  if (colon >= 0) settings.set("password", decode(text.slice(colon + 1), "password"));
}

function readHost(text: string, settings: Map<string, string>): void {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(\d*))?$/s.exec(text);
  if (match === null || text.includes(",")) {
    throw configError(
      `the host "${shownText(text)}" in the URL cannot be read`,
      "name one host; write IPv6 addresses in brackets: [::1]:3306",
    );
  }
  const host = decode(match[1] ?? match[2] ?? "", "host");
  if (host.startsWith("/")) settings.set("socket", host);
  else if (host !== "") settings.set("host", host);
  if (match[3]) settings.set("port", match[3]);
}

function readPair(pair: string, settings: Map<string, string>): void {
  const [name = "", value, ...rest] = pair.split("=");
  const shown = decode(name, "keyword");
  const option = optionName(shown);
  if (option === undefined) {
    throw configError(`"${shownText(shown)}" after "?" in the URL means nothing`, "see docs/mysql.md for what does");
  }
  if (value === undefined || rest.length > 0) {
    throw configError(
      `the part "${shownText(shown)}" after "?" in the URL is not keyword=value`,
      'write each as keyword=value, joined by "&", with "=" and "&" in values as %3D and %26',
    );
  }
  settings.set(option, decode(value, shown));
}

function decode(text: string, part: string): string {
  try {
    const decoded = decodeURIComponent(text);
    if (!decoded.includes("\0")) return decoded;
  } catch {
    // Said below, without the text: it may be the password.
  }
  throw configError(
    `the ${shownText(part)} in the URL has a wrong percent sign`,
    'write "%" itself as %25, and other special characters as % and two hexadecimal digits of UTF-8',
  );
}
