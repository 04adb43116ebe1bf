import { StatementText } from "../statement-text.ts";
import type { AccountsDialect } from "./accounts-dialect.ts";

/** One thing that is said of an account besides how it logs in. */
interface Setting {
  /** `REQUIRE`, `PASSWORD EXPIRE`, `MAX_QUERIES_PER_HOUR`, ... */
  readonly name: string;
  /** All of it, as it was written. */
  readonly text: string;
  /** Without its name. */
  readonly value: string;
}

export interface ConvertedSettings {
  readonly more: string;
  /** For people. */
  readonly changes: readonly string[];
  /** Said so of an account into which nobody is to get, by words that the server lacks. */
  readonly isShut: boolean;
}

const ofTwoWords = new Set(["PASSWORD", "ACCOUNT"]);
const heads = new Set([
  ...ofTwoWords,
  "REQUIRE",
  "WITH",
  "FAILED_LOGIN_ATTEMPTS",
  "PASSWORD_LOCK_TIME",
  "COMMENT",
  "ATTRIBUTE",
]);
/** All servers have them. */
const everywhere = new Set([
  "REQUIRE",
  "MAX_QUERIES_PER_HOUR",
  "MAX_UPDATES_PER_HOUR",
  "MAX_CONNECTIONS_PER_HOUR",
  "MAX_USER_CONNECTIONS",
]);
/** What a server does of itself. */
const usual =
  /^(?:PASSWORD (?:EXPIRE|HISTORY|REUSE INTERVAL|REQUIRE CURRENT) DEFAULT|ACCOUNT UNLOCK|[A-Z_]+ 0(?:\.0*)?)$/i;

/** Makes what is said of an account behind its authentication fit a server. */
export function convertSettings(more: string, { settings }: Pick<AccountsDialect, "settings">): ConvertedSettings {
  const changes: string[] = [];
  let isShut = false;
  const kept = settingsOf(more).filter(({ name, text, value }) => {
    if (name === "MAX_USER_CONNECTIONS" && value.startsWith("-") && !settings.has("MAX_USER_CONNECTIONS -1")) {
      isShut = true;
      changes.push("MAX_USER_CONNECTIONS below 0 becomes a lock");
      return false;
    }
    if (everywhere.has(name) || settings.has(name)) return true;
    if (name === "ACCOUNT LOCK" && /LOCK$/i.test(text) && !/UNLOCK$/i.test(text)) isShut = true;
    else if (!usual.test(text))
      changes.push(`${name === "ATTRIBUTE" ? name : shownSetting(text)} is left out, which the server does not have`);
    return false;
  });
  const limits = kept.filter(({ name }) => name.startsWith("MAX_"));
  const before = kept.filter(({ name }) => name === "REQUIRE");
  const behind = kept.filter((setting) => !limits.includes(setting) && !before.includes(setting));
  const texts = [
    ...before.map(({ text }) => text),
    ...(limits.length === 0 ? [] : [`WITH ${limits.map(({ text }) => text).join(" ")}`]),
    ...behind.map(({ text }) => text),
  ];
  return { more: texts.join(" "), changes, isShut };
}

/** Comments may hold anything. */
function shownSetting(text: string): string {
  return text.startsWith("COMMENT") ? "COMMENT" : text;
}

function settingsOf(more: string): Setting[] {
  const statement = new StatementText(more);
  const settings: Setting[] = [];
  for (let at = 0; at < statement.length; ) {
    const start = at;
    const head = statement.word(at);
    at += ofTwoWords.has(head) ? 2 : 1;
    while (at < statement.length && !heads.has(statement.word(at))) at++;
    if (head === "WITH") {
      settings.push(...limitsOf(statement, start + 1, at));
      continue;
    }
    const words = ofTwoWords.has(head) ? 2 : 1;
    const name = head === "ACCOUNT" ? "ACCOUNT LOCK" : statement.between(start, start + words).toUpperCase();
    settings.push({ name, text: statement.between(start, at), value: statement.between(start + words, at) });
  }
  return settings;
}

function limitsOf(statement: StatementText, from: number, to: number): Setting[] {
  const limits: Setting[] = [];
  for (let at = from; at < to; ) {
    const start = at++;
    while (at < to && !statement.word(at).startsWith("MAX_")) at++;
    limits.push({
      name: statement.word(start),
      text: statement.between(start, at),
      value: statement.between(start + 1, at),
    });
  }
  return limits;
}
