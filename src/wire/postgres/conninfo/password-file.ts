import { readFileSync, statSync } from "node:fs";
import { shownText } from "../../net/shown-text.ts";

const groupAndOtherBits = 0o077;

/** The lines of a `.pgpass` (manual, "The Password File"); what is wrong with the file makes a warning, as with libpq. */
export interface PasswordFile {
  readonly entries: readonly PasswordEntry[];
  readonly warning: string | undefined;
}

export interface PasswordEntry {
  /** host, port, database, user; `undefined` matches all. */
  readonly patterns: readonly (string | undefined)[];
  readonly password: string;
}

/** What a connection is looked up by. A default Unix socket is known as its folder and as `localhost`. */
export interface PasswordQuestion {
  readonly hosts: readonly string[];
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

export function readPasswordFile(path: string): PasswordFile {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return { entries: [], warning: undefined };
  const name = shownText(path);
  if (!stats.isFile()) return ignored(`password file "${name}" is not a plain file`);
  if (process.platform !== "win32" && (stats.mode & groupAndOtherBits) !== 0) {
    return ignored(`password file "${name}" can be read by others; its mode should be 0600`);
  }
  try {
    return { entries: parsePasswordFile(readFileSync(path, "utf8")), warning: undefined };
  } catch (error) {
    return ignored(`password file "${name}" cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function ignored(reason: string): PasswordFile {
  return { entries: [], warning: `${reason}: it is ignored` };
}

export function parsePasswordFile(text: string): PasswordEntry[] {
  const entries: PasswordEntry[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    // Four fields end with a colon that no backslash protects; the password is the rest.
    const match = /^((?:[^:\\]|\\.)*):((?:[^:\\]|\\.)*):((?:[^:\\]|\\.)*):((?:[^:\\]|\\.)*):(.*)$/s.exec(line);
    if (match === null) continue;
    const [host, port, database, user, password] = match.slice(1) as [string, string, string, string, string];
    const patterns = [host, port, database, user].map((field) =>
      field === "*" ? undefined : withoutBackslashes(field),
    );
    entries.push({ patterns, password: withoutBackslashes(password) });
  }
  return entries;
}

/** The password of the first line that fits. */
export function findPassword(entries: readonly PasswordEntry[], question: PasswordQuestion): string | undefined {
  const accepted = [question.hosts, [`${question.port}`], [question.database], [question.user]];
  return entries.find(({ patterns }) =>
    accepted.every((values, index) => patterns[index] === undefined || values.includes(patterns[index])),
  )?.password;
}

function withoutBackslashes(field: string): string {
  return field.replace(/\\(.)/gs, "$1");
}
