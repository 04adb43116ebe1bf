/** Whether a repository or a backup is named by a URL; a folder may have a colon in its name. */
export function isStorageUrl(location: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(location);
}

/** A backup's URL taken apart: its repository, with the parameters that it is opened with, and its name there. */
export interface BackupUrl {
  readonly repository: string;
  /** The last part of the path; empty when the URL names nothing in a repository. */
  readonly name: string;
}

/** @param url `s3://BUCKET/PREFIX/NAME?region=...` */
export function parseBackupUrl(url: string): BackupUrl {
  const question = url.indexOf("?");
  const [path, parameters] = question < 0 ? [url, ""] : [url.slice(0, question), url.slice(question)];
  const place = path.replace(/\/+$/, "");
  const at = place.lastIndexOf("/");
  // What stands between the scheme and the first slash is a bucket or a host.
  if (at < path.indexOf("://") + 3) return { repository: url, name: "" };
  return { repository: place.slice(0, at) + parameters, name: decoded(place.slice(at + 1)) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
