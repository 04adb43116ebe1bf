import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import { type Quoting, usualQuoting } from "./script-lexer.ts";

/** How a session reads literals, as the server says it. */
export async function askQuoting(connection: MysqlConnection): Promise<Quoting> {
  const [row] = await connection.rows("SELECT @@sql_mode AS mode, @@character_set_client AS charset");
  return quotingOf(row?.mode ?? "", row?.charset ?? usualQuoting.characterSet);
}

function quotingOf(mode: string, characterSet: string): Quoting {
  const modes = mode.toUpperCase().split(",");
  return {
    noBackslashEscapes: modes.includes("NO_BACKSLASH_ESCAPES"),
    ansiQuotes: modes.includes("ANSI_QUOTES"),
    characterSet,
  };
}

/** Numbers of modes, as binary logs write them. (MySQL source documentation, sql/system_variables.h.) */
const modeBits = { ansiQuotes: 0x4, noBackslashEscapes: 0x10_0000 };

/** Modes that stand for several, ANSI_QUOTES among them. */
const ansiModes = /\b(?:ANSI_QUOTES|ANSI|DB2|MAXDB|MSSQL|ORACLE|POSTGRESQL)\b/i;

/**
 * Follows what a script sets, for readers that have no session: literals, other variables, and variables of the script in
 * which it keeps what was set before. What it cannot know stays as it was.
 */
export class FollowedQuoting {
  readonly #variables = new Map<string, Partial<Quoting>>();
  #quoting = usualQuoting;

  get quoting(): Quoting {
    return this.#quoting;
  }

  /** The script wants its text to be read in this character set. */
  setCharacterSet(name: string): void {
    this.#quoting = { ...this.#quoting, characterSet: name.toLowerCase() };
  }

  /** @param head of a SET statement, without the openers of conditional comments */
  follow(head: string): void {
    const names =
      /^SET\s+NAMES\s+['"]?(\w+)/i.exec(head)?.[1] ?? /^SET\s+CHAR(?:ACTER\s+)?SET\s+['"]?(\w+)/i.exec(head)?.[1];
    if (names !== undefined) {
      this.setCharacterSet(names);
      return;
    }
    for (const [, target = "", value = ""] of head.replace(/^SET\s+/i, "").matchAll(assignment)) {
      this.#assign(target.replace(/^(?:@@)?(?:SESSION|LOCAL)?[.\s]*|^@@/i, "").toLowerCase(), value);
    }
  }

  #assign(target: string, value: string): void {
    const found = this.#valueOf(value, target);
    if (found === undefined) return;
    if (target.startsWith("@")) this.#variables.set(target, found);
    else if (target === "sql_mode" || target === "character_set_client") this.#quoting = { ...this.#quoting, ...found };
  }

  #valueOf(value: string, target: string): Partial<Quoting> | undefined {
    const variable = /^@@(?:SESSION\.|LOCAL\.)?(\w+)$/i.exec(value)?.[1]?.toLowerCase();
    const { noBackslashEscapes, ansiQuotes, characterSet } = this.#quoting;
    if (variable === "sql_mode") return { noBackslashEscapes, ansiQuotes };
    if (variable === "character_set_client") return { characterSet };
    if (value.startsWith("@")) return this.#variables.get(value.toLowerCase());
    const number = /^\d+$/.test(value) ? Number(value) : undefined;
    if (target === "character_set_client") {
      return number === undefined ? { characterSet: value.replaceAll(/['"]/g, "").toLowerCase() } : undefined;
    }
    if (target !== "sql_mode") return undefined;
    if (number !== undefined) {
      const has = (bit: number): boolean => Math.floor(number / bit) % 2 === 1;
      return { ansiQuotes: has(modeBits.ansiQuotes), noBackslashEscapes: has(modeBits.noBackslashEscapes) };
    }
    if (!/^['"]/.test(value)) return undefined;
    return { ansiQuotes: ansiModes.test(value), noBackslashEscapes: /\bNO_BACKSLASH_ESCAPES\b/i.test(value) };
  }
}

/** `@a = @@b`, `@@SESSION.c := 'd,e'`, `f = 1`. */
const assignment =
  /((?:SESSION\s+|LOCAL\s+|GLOBAL\s+|@@\w+\.|@@|@)?\w+)\s*:?=\s*('[^']*'|"[^"]*"|@@\w+\.\w+|@{0,2}\w+)/gi;
