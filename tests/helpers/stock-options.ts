import { readFileSync } from "node:fs";
import { join } from "node:path";
import { commands } from "../../src/frontends/cli/commands.ts";
import type { Option } from "../../src/frontends/cli/options/option.ts";
import { takenBy } from "../../src/frontends/cli/parse-command-line.ts";
import { type StockProgram, stock } from "./stock-tools.ts";

/** An option as the help of a program of PostgreSQL shows it. */
export interface StockOption {
  /** Long name without dashes. */
  readonly name: string;
  readonly short: string | undefined;
  readonly hasValue: boolean;
}

/** The options in `--help` of a program of PostgreSQL 18. */
export async function stockOptions(program: StockProgram): Promise<readonly StockOption[]> {
  const { stdout } = await stock(18).must(program, ["--help"]);
  return stdout
    .toString()
    .split("\n")
    .flatMap((line) => {
      const match = /^ {2}(?:-(.), +)?--([a-z-]+)(=)?/.exec(line);
      return match === null ? [] : [{ name: match[2]!, short: match[1], hasValue: match[3] !== undefined }];
    });
}

/**
 * Options of a stock program that our command neither takes (same name, same letter, with or without value as there) nor
 * docs/postgres.md explains, as `` `--name` `` in the first cell of a row of the table behind this heading.
 */
export async function unexplainedOptions(program: StockProgram, command: string, heading: string): Promise<string[]> {
  const ours = takenBy(commands.find(({ words }) => words.join(" ") === command)!);
  const explained = explainedIn(heading);
  const all = await stockOptions(program);
  return all.filter((option) => !explained.has(option.name) && !isTaken(option, ours)).map(({ name }) => name);
}

function isTaken({ name, short, hasValue }: StockOption, ours: readonly Option[]): boolean {
  const option = ours.find((one) => one.name === name || one.aliases?.includes(name) === true);
  if (option === undefined || (option.type !== "flag") !== hasValue) return false;
  return short === undefined || option.short === short;
}

/** Names in the table behind a heading. */
export function explainedIn(heading: string): ReadonlySet<string> {
  const text = readFileSync(join(import.meta.dirname, "..", "..", "docs", "postgres.md"), "utf8");
  const part = text.split(`\n${heading}\n`)[1]?.split("\n#")[0];
  if (part === undefined) throw new Error(`docs/postgres.md has no "${heading}"`);
  const names = part.split("\n").flatMap((line) => {
    const cells = /^\| ([^|]+) \| [^|]{10,} \|$/.exec(line);
    return [...(cells?.[1] ?? "").matchAll(/`--([a-z-]+)`/g)].map((match) => match[1]!);
  });
  return new Set(names);
}
