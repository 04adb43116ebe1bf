import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";

/** A raw key as `keys generate` writes it, without the second that starting the program takes. @returns the path */
export function newKeyFile(path: string): string {
  writeFileSync(path, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600, flag: "wx" });
  return path;
}
