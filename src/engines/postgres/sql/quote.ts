import { AsyncLocalStorage } from "node:async_hooks";
import { needsQuotes } from "./keywords.ts";

/** Identifiers are written in more than a hundred places below a dump, none of which has a say in how. */
const quotingAll = new AsyncLocalStorage<true>();

/** Runs `task`, in which each identifier is quoted, whatever it awaits. Other tasks beside it notice nothing. */
export function quoteAllIdentifiers<T>(task: () => T): T {
  return quotingAll.run(true, task);
}

/** Whether the running task quotes each identifier. */
export function quotesAllIdentifiers(): boolean {
  return quotingAll.getStore() === true;
}

/**
 * An SQL identifier, quoted where it must be: the same rule as pg_dump's, with the keywords of the newest supported
 * server, so that a dump of an old server loads on a new one.
 */
export function quoteIdentifier(name: string): string {
  return needsQuotes(name) || quotesAllIdentifiers() ? inQuotes(name) : name;
}

/** An identifier in quotes, whether it needs them or not. */
export function inQuotes(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `schema.name`, each part quoted where it must be. A null schema gives the name alone. */
export function qualified(schema: string | null, name: string): string {
  return schema === null ? quoteIdentifier(name) : `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/**
 * A string literal under `standard_conforming_strings = on` or off alike: with backslashes it is written as `E'...'`
 * with the backslashes doubled, which both settings read the same.
 */
export function quoteLiteral(text: string): string {
  const doubled = text.replaceAll("'", "''");
  return text.includes("\\") ? `E'${doubled.replaceAll("\\", "\\\\")}'` : `'${doubled}'`;
}

/**
 * A string literal for entries whose script always runs under `standard_conforming_strings = on`: backslashes stay as
 * they are. This is what pg_dump writes in definitions, so comparisons with its output need it.
 */
export function quoteConformingLiteral(text: string): string {
  return text.includes("'") ? `'${text.replaceAll("'", "''")}'` : `'${text}'`;
}

/**
 * A dollar-quoted literal whose tag does not occur in the text, for function bodies.
 * @param tagBase begins the tag; letters are appended until the text does not hold it.
 */
export function dollarQuote(text: string, tagBase = ""): string {
  // The letters that pg_dump appends, one after another, so that both tools choose the same tag.
  const suffixes = "_XXXXXXX";
  let tag = `$${tagBase}`;
  for (let i = 0; text.includes(tag); i++) tag += suffixes[i % suffixes.length];
  return `${tag}$${text}${tag}$`;
}
