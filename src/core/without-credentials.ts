import { isStorageUrl } from "./storage-url.ts";

/** A repository's URL without who logs in there and without parameters; other places as they are. Pure. */
export function withoutCredentials(location: string): string {
  if (!isStorageUrl(location)) return location;
  const [place = ""] = location.split(/[?#]/);
  return place.replace(/^([^:]+:\/\/)[^/]*@/, "$1");
}
