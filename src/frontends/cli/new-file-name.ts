import { BackupError } from "../../core/backup-error.ts";
import type { OptionValues } from "./options/options.ts";
import type { Output } from "./output.ts";

/**
 * The file that is made of another one.
 * @param nameOf when nobody names it
 * @throws BackupError USAGE
 */
export function newFileName(path: string, options: OptionValues, nameOf: (path: string) => string): string {
  const name = options.output ?? (path === "-" ? "-" : nameOf(path));
  if (name === "-" && options.json === true) {
    throw new BackupError({
      code: "USAGE",
      message: "--json and --output - both want stdout",
      hint: "write to a file, or leave out --json",
    });
  }
  return name;
}

/** Lines for people: on standard output, or nowhere when the file itself goes there. */
export function reportsOn(name: string, output: Output): (line: string) => void {
  return name === "-" ? () => undefined : (line) => output.print(line);
}
