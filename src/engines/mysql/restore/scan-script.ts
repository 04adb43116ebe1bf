import { localFile } from "../script/local-file.ts";
import { ScriptReader } from "../script/read-script.ts";
import { FollowedQuoting } from "../script/session-quoting.ts";
import { headOf, statementKind } from "../script/statement-head.ts";
import { shownHead } from "./failure-log.ts";
import { type Demand, demandsOf, relationOf } from "./statement-demands.ts";
import { trustReasons } from "./trust-reasons.ts";

export interface LongestStatement {
  readonly bytes: number;
  readonly line: number;
  readonly file?: string;
  /** Whose rows it holds. */
  readonly table?: string;
}

/** What a whole script is, read once before anything of it is sent. Names are Unicode. */
export interface ScriptFacts {
  readonly statements: number;
  /** Databases that it creates, drops and uses. */
  readonly creates: ReadonlySet<string>;
  readonly drops: ReadonlySet<string>;
  readonly uses: ReadonlySet<string>;
  /** The database that its first lines name; empty when they name none. */
  readonly database: string;
  /** `10.5.23-MariaDB`, when its first lines tell. */
  readonly serverVersion: string;
  readonly writer: string;
  /** The longest statement that is sent in one piece, and where it begins. */
  readonly longest: LongestStatement;
  /** Tables, views and sequences that it makes. */
  readonly relations: ReadonlySet<string>;
  readonly needsTrust: readonly string[];
  /** What the pre-check asks the server about; each once, with the line that needs it first. */
  readonly demands: readonly Demand[];
}

/** More than these are not kept: one of each kind is what counts. */
const keptReasons = 1000;
const keptDemands = 10_000;
/** Those of larger databases are not all looked at. */
const keptRelations = 200_000;

/**
 * Reads a script to its end, sending nothing.
 * @throws BackupError DAMAGED when it is cut off, FOREIGN_FILE for commands of the stock clients and for LOAD DATA LOCAL
 */
export async function scanScript(source: AsyncIterable<Uint8Array>, delimiter?: string): Promise<ScriptFacts> {
  await using reader = new ScriptReader(source, delimiter);
  const quoting = new FollowedQuoting();
  const names = { "create database": new Set<string>(), "drop database": new Set<string>(), use: new Set<string>() };
  const needsTrust: string[] = [];
  const demands = new Map<string, Demand>();
  const relations = new Set<string>();
  let statements = 0;
  let longest: LongestStatement = { bytes: 0, line: 0 };
  for (let item = await reader.next(); item !== undefined; item = await reader.next()) {
    if (item.kind === "character set") {
      quoting.setCharacterSet(item.name);
      reader.quoting = quoting.quoting;
      continue;
    }
    statements += 1;
    const { line, text } = item;
    const head = headOf(text);
    const found = statementKind(head);
    let bytes = text.length;
    if (item.kind === "long statement") {
      bytes = 0;
      for await (const piece of item.pieces()) bytes += piece.length;
    }
    if (bytes > longest.bytes) longest = { bytes, line, ...(found.kind === "rows" ? { table: found.table } : {}) };
    if (found.kind === "rows") continue;
    if (found.kind === "local file") throw localFile(line);
    if ("database" in found) names[found.kind].add(found.database);
    if (found.kind === "quoting") {
      quoting.follow(head);
      reader.quoting = quoting.quoting;
    }
    const sql = text.toString("latin1");
    if (needsTrust.length < keptReasons) {
      needsTrust.push(...trustReasons(sql, found).map((reason) => `line ${line} (${shownHead(head)}) ${reason}`));
    }
    const relation = relationOf(head);
    if (relation !== undefined && relations.size < keptRelations) relations.add(relation);
    for (const demand of demandsOf(head, sql, line)) {
      const key = `${demand.kind}\0${demand.name}`;
      if (!demands.has(key) && demands.size < keptDemands) demands.set(key, demand);
    }
  }
  return {
    statements,
    creates: names["create database"],
    drops: names["drop database"],
    uses: names.use,
    database: reader.ends.database,
    serverVersion: reader.ends.serverVersion ?? "",
    writer: reader.ends.writer ?? "",
    longest,
    relations,
    needsTrust,
    demands: [...demands.values()],
  };
}
