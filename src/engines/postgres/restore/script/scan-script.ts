import { firstLine } from "../failure-log.ts";
import { trustReasons } from "../needs-trust.ts";
import type { SelectedEntry } from "../select/select-entries.ts";
import { encodingSetting, readScript, stringsSetting } from "./read-script.ts";
import { createdDatabase, isTransactionControl, statementEntry } from "./statement-facts.ts";

/** What a whole script is, read once before anything of it is sent. Text is binary strings. */
export interface ScriptFacts {
  readonly statements: number;
  /** `client_encoding` as the script sets it first. */
  readonly encoding: string | undefined;
  /** The database it creates, and those it connects to. */
  readonly creates: string | undefined;
  readonly connects: readonly string[];
  /** Lines of BEGIN, COMMIT and the like that are more than a pair around large objects. */
  readonly transactionLines: readonly number[];
  readonly needsTrust: readonly string[];
  /** What the pre-check asks the server about. */
  readonly entries: readonly SelectedEntry[];
  /** Statements that rows follow. */
  readonly copies: readonly string[];
}

/** More reasons and entries than these are not kept: one of each kind is what counts. */
const keptReasons = 1000;
const keptEntries = 100_000;

/**
 * Reads a script to its end, sending nothing.
 * @throws BackupError DAMAGED when it is cut off, FOREIGN_FILE for what only psql would understand
 */
export async function scanScript(source: AsyncIterable<Uint8Array>): Promise<ScriptFacts> {
  let statements = 0;
  let conforming = true;
  let encoding: string | undefined;
  let creates: string | undefined;
  const connects: string[] = [];
  const transactionLines: number[] = [];
  const needsTrust: string[] = [];
  const entries = new Map<string, SelectedEntry>();
  const copies: string[] = [];
  for await (const item of readScript(source, undefined, "measure")) {
    if (item.kind === "command") {
      if (item.command.kind === "connect") connects.push(item.command.database);
      continue;
    }
    statements += 1;
    if (item.kind === "copy") {
      if (copies.length < keptEntries) copies.push(item.sql);
      continue;
    }
    const { sql, line } = item;
    if (item.kind === "long statement") {
      needsTrust.push(`line ${line} (${firstLine(sql)}) is too long to be looked at`);
    }
    conforming = stringsSetting(sql) ?? conforming;
    encoding ??= encodingSetting(sql);
    creates ??= createdDatabase(sql);
    if (isTransactionControl(sql) && !/^(?:BEGIN|COMMIT);$/i.test(sql)) transactionLines.push(line);
    if (needsTrust.length < keptReasons) {
      needsTrust.push(...trustReasons(sql, conforming).map((reason) => `line ${line} (${firstLine(sql)}) ${reason}`));
    }
    const entry = statementEntry(sql);
    const key = JSON.stringify([entry?.desc, entry?.owner, entry?.tablespace, entry?.tag, entry?.definition]);
    if (entry !== undefined && entries.size < keptEntries)
      entries.set(key, { entry, parts: { definition: true, data: false } });
  }
  return {
    statements,
    encoding,
    creates,
    connects,
    transactionLines,
    needsTrust,
    entries: [...entries.values()],
    copies,
  };
}
