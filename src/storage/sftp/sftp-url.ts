import { homedir, userInfo } from "node:os";
import { BackupError } from "../../core/backup-error.ts";
import { isSafeRelativePath } from "../../core/safe-path.ts";
import { Secret } from "../../core/secret.ts";
import { parseRepositoryUrl } from "../object/parse-repository-url.ts";
import type { SftpSettings } from "./sftp-settings.ts";

/** What may stand behind the question mark. */
const parameters = new Set(["identity", "known-hosts", "connect-timeout", "password-file", "passphrase-file", "fsync"]);

const DEFAULT_PORT = 22;
const DEFAULT_TIMEOUT_S = 20;
const LONGEST_TIMEOUT_S = 3600;

/**
 * Reads `sftp://USER@HOST:PORT/absolute/path` and `sftp://HOST/~/path`, with parameters behind a question mark.
 * @param environment of the process: the agent, and secrets
 * @throws BackupError USAGE
 */
export function parseSftpUrl(text: string, environment: Readonly<Record<string, string | undefined>>): SftpSettings {
  const url = parseRepositoryUrl(text, refused);
  if (url?.protocol !== "sftp:") throw refused("it is no URL of SFTP");
  if (url.password !== "") throw refused("passwords do not belong into URLs");
  if (url.hash !== "") throw refused('"#" has no meaning in it');
  if (url.hostname === "") throw refused("it names no host");
  const given = givenParameters(url);
  const timeout = Number(given["connect-timeout"] ?? DEFAULT_TIMEOUT_S);
  if (!Number.isInteger(timeout) || timeout < 1 || timeout > LONGEST_TIMEOUT_S) {
    throw refused(`"connect-timeout" is a number of seconds from 1 to ${LONGEST_TIMEOUT_S}`);
  }
  if (given.fsync !== undefined && !/^(true|false)$/.test(given.fsync)) throw refused('"fsync" is true or false');
  const home = environment.HOME || homedir();
  const secret = (name: string) => (environment[name] ? new Secret(environment[name]) : undefined);
  return {
    // Addresses of IPv6 stand in brackets.
    host: decoded(url.hostname).replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? DEFAULT_PORT : Number(url.port),
    user: decoded(url.username) || userInfo().username,
    path: pathOf(decoded(url.pathname)),
    identity: given.identity && inHome(given.identity, home),
    knownHosts: given["known-hosts"] && inHome(given["known-hosts"], home),
    connectTimeoutMs: timeout * 1000,
    needsFsync: given.fsync !== "false",
    password: secret("DBBACKUP_SFTP_PASSWORD"),
    passwordFile: given["password-file"] && inHome(given["password-file"], home),
    keyPassphrase: secret("DBBACKUP_SFTP_KEY_PASSPHRASE"),
    keyPassphraseFile: given["passphrase-file"] && inHome(given["passphrase-file"], home),
    agent: environment.SSH_AUTH_SOCK || undefined,
    home,
  };
}

/** The URL without its parameters: what people and metadata are told. */
export function sftpLocation({ host, port, user, path }: SftpSettings): string {
  const shownHost = host.includes(":") ? `[${host}]` : host;
  const shownPath = path.startsWith("/") ? path : path === "." ? "/~" : `/~/${path}`;
  return `sftp://${encodeURIComponent(user)}@${shownHost}${port === DEFAULT_PORT ? "" : `:${port}`}${shownPath}`;
}

function givenParameters(url: URL): Readonly<Record<string, string | undefined>> {
  const given: Record<string, string> = Object.create(null);
  for (const [name, value] of url.searchParams) {
    if (!parameters.has(name)) throw refused(`"${name}" is no parameter of it`);
    if (name in given) throw refused(`"${name}" stands in it twice`);
    if (value === "") throw refused(`"${name}" has no value`);
    given[name] = value;
  }
  return given;
}

function pathOf(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  if (trimmed === "") {
    if (path === "") throw refused("it names no folder");
    return "/";
  }
  if (trimmed === "/~") return ".";
  const parts = trimmed.startsWith("/~/") ? trimmed.slice(3) : trimmed.slice(1);
  if (!isSafeRelativePath(parts)) throw refused("its path cannot be used");
  return trimmed.startsWith("/~/") ? parts : trimmed;
}

function inHome(path: string, home: string): string {
  return path.startsWith("~/") ? `${home}${path.slice(1)}` : path;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refused(`"%" is followed by two hexadecimal digits, or written as "%25"`);
  }
}

function refused(reason: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: `the URL of the repository cannot be used: ${reason}`,
    hint: "as sftp://USER@HOST:PORT/absolute/path, or sftp://USER@HOST/~/path below the user's own folder; see docs/storage.md",
  });
}
