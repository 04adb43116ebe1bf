import type { BackupError } from "../../core/backup-error.ts";
import { parseRepositoryUrl } from "./parse-repository-url.ts";

/** What stands in the URL of a bucket, with what all services refuse refused. */
export interface BucketUrl {
  /** With its colon. */
  readonly scheme: string;
  readonly hostname: string;
  /** With the port, where there is one. */
  readonly host: string;
  /** Components of the path, decoded. */
  readonly path: readonly string[];
  /** What stands behind the question mark. */
  readonly given: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads `SCHEME://HOST/PATH?NAME=VALUE&...`.
 * @param schemes with their colons
 * @param parameters names that may stand behind the question mark
 * @param refused makes the error that says why it cannot be used
 */
export function readBucketUrl(
  text: string,
  schemes: readonly string[],
  parameters: ReadonlySet<string>,
  refused: (reason: string) => BackupError,
): BucketUrl {
  const url = parseRepositoryUrl(text, refused);
  if (url === null || !schemes.includes(url.protocol)) throw refused("it is no URL of a bucket");
  if (url.username !== "" || url.password !== "") throw refused("credentials do not belong into URLs");
  if (url.hash !== "") throw refused('"#" has no meaning in it');
  const given = Object.fromEntries(url.searchParams);
  for (const name of Object.keys(given)) if (!parameters.has(name)) throw refused(`"${name}" is no parameter of it`);
  const empty = Object.keys(given).find((name) => given[name] === "");
  if (empty !== undefined) throw refused(`"${empty}" has no value`);
  if (Object.keys(given).length !== url.searchParams.size) throw refused("a parameter stands there twice");
  const path = decoded(url.pathname, refused).replace(/^\//, "").replace(/\/+$/, "").split("/");
  return { scheme: url.protocol, hostname: url.hostname, host: url.host, path, given };
}

function decoded(path: string, refused: (reason: string) => BackupError): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw refused('its path has a "%" that begins no character');
  }
}
