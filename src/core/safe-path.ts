/** Longest component of a path, in bytes: what common file systems take. */
const MAX_COMPONENT_BYTES = 255;

/**
 * Whether a path that a stranger wrote (in metadata, in an archive) names something below the folder it is taken from:
 * relative, with `/` between components, each of which every file system takes literally.
 */
export function isSafeRelativePath(path: string): boolean {
  return path.split("/").every(isSafeComponent);
}

/** One component: not empty, `.` or `..`, no separator, drive or control character, no leading minus. */
export function isSafeComponent(name: string): boolean {
  if (name === "" || name === "." || name === "..") return false;
  if (/^(-|[A-Za-z]:)|[\u0000-\u001f\u007f\\/]/.test(name)) return false;
  return name.isWellFormed() && Buffer.byteLength(name) <= MAX_COMPONENT_BYTES;
}
