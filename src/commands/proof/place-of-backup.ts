/** Name of the file or folder that a backup is. */
export function nameOf(location: string): string {
  return location.slice(location.lastIndexOf("/") + 1);
}

/** Where it lies: a path, or a URL. */
export function folderOf(location: string): string {
  return location.slice(0, location.lastIndexOf("/") + 1).replace(/(?<=.)\/$/, "");
}
