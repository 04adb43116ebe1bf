import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { Secret } from "../../core/secret.ts";
import { configError } from "./config-error.ts";
import { shownText } from "./shown-text.ts";

const groupAndOtherBits = 0o077;
const maxLength = 64 * 1024;

/**
 * The secret in a file of the user's own: all of it but one newline at its end.
 * @throws BackupError CONFIG when others may read the file, or it cannot be read.
 */
export function readSecretFile(path: string): Secret {
  const name = shownText(path);
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw configError(
      `password file "${name}" cannot be read: ${(error as NodeJS.ErrnoException).code}`,
      "check its path and permissions",
      error,
    );
  }
  try {
    const stats = fstatSync(file);
    if (process.platform !== "win32" && (stats.mode & groupAndOtherBits) !== 0 && stats.isFile()) {
      throw configError(`password file "${name}" can be read by others`, `run: chmod 600 '${name}'`);
    }
    if (stats.size > maxLength)
      throw configError(`password file "${name}" is too large`, "it holds the password alone");
    const text = readFileSync(file, "utf8").replace(/\r?\n$/, "");
    if (text === "") throw configError(`password file "${name}" is empty`, "write the password into it");
    if (/[\r\n\0]/.test(text))
      throw configError(`password file "${name}" has several lines`, "it holds the password alone");
    return new Secret(text);
  } finally {
    closeSync(file);
  }
}
