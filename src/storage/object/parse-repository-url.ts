import type { BackupError } from "../../core/backup-error.ts";

/**
 * Parses the URL of a repository, and refuses what a parser of URLs would change without a word, so that another place than the
 * one that is read there would be meant: control characters and spaces around it are left out, and `..` takes a folder away.
 * @param refused makes the error that says why it cannot be used
 * @returns null for what is no URL
 */
export function parseRepositoryUrl(text: string, refused: (reason: string) => BackupError): URL | null {
  if (/[\u0000-\u001f\u007f]/.test(text)) throw refused("it has a control character");
  if (text.trim() !== text) throw refused("it begins or ends with a space");
  const url = URL.parse(text);
  const [place = ""] = text.split(/[?#]/, 1);
  const parts = place.replace(/^[^:]*:\/\//, "").split("/");
  if (parts.some((part) => /^(\.|%2e){1,2}$/i.test(part))) throw refused('"." and ".." have no meaning in its path');
  return url;
}

/** Whether something is a URL of http or https that may have a path, and has neither credentials nor parameters. */
export function isEndpoint(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null && /^https?:$/.test(url.protocol) && `${url.username}${url.password}${url.search}${url.hash}` === ""
  );
}
