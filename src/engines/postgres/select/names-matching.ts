import { BackupError } from "../../../core/backup-error.ts";
import { readNamePattern } from "./name-pattern.ts";

/**
 * Which of these names a pattern means, where no server is there to ask.
 * @throws BackupError USAGE for a pattern with parts, or that is no regular expression
 */
export function namesMatching(pattern: string, names: readonly string[]): readonly string[] {
  const [part, ...more] = readNamePattern(pattern);
  const expression = more.length > 0 ? undefined : expressionOf(part!.regex);
  if (expression !== undefined) return names.filter((name) => expression.test(name));
  throw new BackupError({
    code: "USAGE",
    message: `the pattern "${pattern}" is none of single names`,
    hint: "put a name with dots or other odd characters in double quotes",
  });
}

function expressionOf(regex: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${regex})$`, "su");
  } catch {
    return undefined;
  }
}
