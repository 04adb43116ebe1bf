import { compareKeys } from "../../core/text/compare-keys.ts";
import type { ListedObject } from "../../ports/object-store.ts";

/** What a listing tells of keys that go on behind this one, which ends with a slash. */
export function listedFolder(key: string): ListedObject {
  return { key, size: Number.NaN, modified: new Date(0) };
}

/** A page of a listing, of which services give objects and folders apart, in the order of the keys. */
export function inOrder(objects: readonly ListedObject[], folders: readonly string[]): readonly ListedObject[] {
  if (folders.length === 0) return objects;
  return [...objects, ...folders.map(listedFolder)].toSorted((a, b) => compareKeys(a.key, b.key));
}
