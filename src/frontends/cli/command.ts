import type { ExitStatus } from "../../core/exit-status.ts";
import type { CliContext } from "./cli-context.ts";
import type { OptionName, OptionValues } from "./options/options.ts";

/** A positional argument. */
export interface Argument {
  /** As help shows it: `DB`, `BACKUP`. */
  readonly name: string;
  /** How often it stands there; `many`: once at least, `some`: any number of times. */
  readonly count: "one" | "optional" | "many" | "some";
  readonly help: string;
}

/** What the user typed, checked against the tables. */
export interface Invocation {
  readonly args: readonly string[];
  readonly options: OptionValues;
  /** Options that the command line itself gave: what a file or the environment says for many commands, one may have no use for. */
  readonly flags: ReadonlySet<string>;
  /** Rules of retention that the configuration file has for single databases, by their names. */
  readonly databaseRetention?: ReadonlyMap<string, OptionValues>;
  /** The same of how they are to be protected. */
  readonly databasePolicies?: ReadonlyMap<string, OptionValues>;
}

/** Turns an invocation into a request, runs the use case with the services, prints its result. */
export type RunCommand = (invocation: Invocation, context: CliContext) => Promise<ExitStatus>;

/** One row of the table of commands. */
export interface Command {
  /** `["backup", "single"]` */
  readonly words: readonly string[];
  /** One line, lower case, no full stop. */
  readonly summary: string;
  readonly args: readonly Argument[];
  /** Options besides the global ones. */
  readonly options: readonly OptionName[];
  /** Options that mean something only beside another one: `server` beside `restore`. */
  readonly needs?: Readonly<Partial<Record<OptionName, OptionName>>>;
  /** More for `--help` and the docs page: what it does, what it leaves alone. Lines of at most 100 characters. */
  readonly details?: readonly string[];
  readonly examples?: readonly string[];
  /** It works on the configuration file, and takes no values from it. */
  readonly readsConfigItself?: true;
  /** What it does is written down in the history, with how it ended. */
  readonly isRecorded?: true;
  /** Imports the code only when the command runs, so that `--help` costs nothing. */
  load(): Promise<{ readonly run: RunCommand }>;
}

const shown: Readonly<Record<Argument["count"], (name: string) => string>> = {
  one: (name) => name,
  optional: (name) => `[${name}]`,
  many: (name) => `${name}...`,
  some: (name) => `[${name}...]`,
};

/** `backup single DB` */
export function commandSynopsis(command: Command): string {
  const args = command.args.map(({ name, count }) => shown[count](name));
  return [...command.words, ...args].join(" ");
}
