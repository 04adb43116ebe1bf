import type { Command } from "../command.ts";
import { type Option, placeholderOf } from "../options/option.ts";
import { takenBy } from "../parse-command-line.ts";

/** What may stand for a value or an argument. */
export type Expected =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "file" }
  | { readonly kind: "folder" }
  | { readonly kind: "other" };

/** An option as a shell completes it. */
export interface CompletedOption {
  /** With its dashes; aliases behind it. */
  readonly flags: readonly string[];
  readonly help: string;
  /** Undefined: it takes no value. */
  readonly value: (Expected & { readonly shown: string }) | undefined;
  readonly isRepeatable: boolean;
}

export interface CompletedCommand {
  readonly words: readonly string[];
  readonly summary: string;
  readonly options: readonly CompletedOption[];
  /** What every argument is. */
  readonly argument: Expected;
}

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** What shells need of the tables of commands and options. Pure. */
export function completionTable(commands: readonly Command[]): readonly CompletedCommand[] {
  return commands.map((command) => ({
    words: command.words,
    summary: command.summary,
    options: takenBy(command).map(completedOption),
    argument: expectedArgument(command),
  }));
}

/** All options of the program, each once. */
export function everyOption(table: readonly CompletedCommand[]): readonly CompletedOption[] {
  return [...new Map(table.flatMap(({ options }) => options).map((option) => [option.flags[0], option])).values()];
}

function completedOption(option: Option): CompletedOption {
  const { name, aliases = [], help } = option;
  return {
    flags: [name, ...aliases].map((word) => `--${word}`),
    help,
    value: option.type === "flag" ? undefined : { ...expectedValue(option), shown: placeholderOf(option) },
    isRepeatable: option.repeatable === true,
  };
}

function expectedValue(option: Option): Expected {
  if (option.values !== undefined) return { kind: "words", words: option.values };
  return expectedOf(option.placeholder ?? "");
}

function expectedOf(placeholder: string): Expected {
  if (/\b(?:FILE|PATH)\b/.test(placeholder)) return { kind: "file" };
  return /\bDIR\b/.test(placeholder) ? { kind: "folder" } : { kind: "other" };
}

function expectedArgument({ args }: Command): Expected {
  const [first] = args;
  if (first === undefined) return { kind: "other" };
  if (first.name === "SHELL") return { kind: "words", words: shells };
  // A backup is most often named by its file; an id would have to be asked for, which takes longer than one waits for a key.
  return /^(?:BACKUP|FILE|A)$/.test(first.name) ? { kind: "file" } : { kind: "other" };
}
