import { parseArgs } from "node:util";
import { BackupError } from "../../core/backup-error.ts";
import { nearest } from "../../core/nearest.ts";
import { checkFamily } from "./check-family.ts";
import { type Command, commandSynopsis, type Invocation } from "./command.ts";
import type { ConfigValues } from "./config/parse-config.ts";
import { valuesFromConfig } from "./config/values-from-config.ts";
import type { Option } from "./options/option.ts";
import {
  findOption,
  globalOptionNames,
  type OptionName,
  type OptionValues,
  options,
  optionWords,
} from "./options/options.ts";
import { readOptionValue } from "./read-option-value.ts";
import { valuesFromEnvironment } from "./values-from-environment.ts";

/** What the words on the command line ask for. */
export type CommandLine =
  | { readonly kind: "run"; readonly command: Command; readonly invocation: Invocation }
  | { readonly kind: "help"; readonly words: readonly string[] }
  | { readonly kind: "version" };

interface Given {
  readonly option: Option;
  /** As typed: `--repo` or `-h`. */
  readonly flag: string;
  readonly value: string | undefined;
  readonly inline: boolean;
}

/** Letters mean what the command's own options say; those that it does not take are known too, to be refused by name. */
function knownToParser(command: Command | undefined) {
  const taken = command === undefined ? [] : takenBy(command);
  const letters = new Map<string, Option>();
  for (const option of [...taken, ...(options as readonly Option[])]) {
    if (option.short !== undefined && !letters.has(option.short)) letters.set(option.short, option);
  }
  return Object.fromEntries(
    optionWords.map((word) => {
      const option = findOption(word)!;
      const type = option.type === "flag" ? ("boolean" as const) : ("string" as const);
      const { short } = option;
      return [
        word,
        short !== undefined && word === option.name && letters.get(short) === option ? { type, short } : { type },
      ];
    }),
  );
}

/**
 * Reads a command line strictly: an option or command that does not exist is refused with the nearest that does.
 * Precedence: flag, then environment, then configuration file; defaults are the commands' own.
 * @param config what the configuration file says, if there is one; `unread`: it is not known yet, and may name the kind of server
 * @throws BackupError USAGE or, for a bad environment variable, CONFIG.
 */
export function parseCommandLine(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  commands: readonly Command[],
  config?: ConfigValues | "unread",
): CommandLine {
  const { given, words } = tokenize(args, commandOf(args, commands));
  if (given.some(({ option }) => option.name === "help")) {
    return { kind: "help", words };
  }
  if (given.some(({ option }) => option.name === "version")) return { kind: "version" };
  if (words.length === 0) {
    throw new BackupError({
      code: "USAGE",
      message: "no command given",
      hint: 'run "dbbackup --help" for the list of commands',
    });
  }
  if (words[0] === "help") return { kind: "help", words: words.slice(1) };
  const command = findCommand(words, commands);
  const values = valuesOfFlags(given, command);
  const operands = words.slice(command.words.length);
  checkOperands(operands, command);
  const taken = takenBy(command);
  const fromEnvironment = valuesFromEnvironment(environment, taken, values);
  // A URL on the command line names another server than the one that the environment means.
  if ("url" in values) delete fromEnvironment["db-type"];
  const said = { ...fromEnvironment, ...values };
  const file = config === "unread" ? undefined : config;
  const fromConfig = file === undefined ? {} : valuesFromConfig(file, taken, said);
  const all = { ...fromConfig, ...said } as OptionValues;
  const flags = new Set(Object.keys(values));
  if (config !== "unread") checkFamily(command, all, flags);
  const { retention, policies } = file?.databaseRules ?? {};
  const rules = { ...(retention && { databaseRetention: retention }), ...(policies && { databasePolicies: policies }) };
  return { kind: "run", command, invocation: { args: operands, options: all, flags, ...rules } };
}

/** Options that a command takes, the global ones included. */
export function takenBy(command: Command): readonly Option[] {
  return [...command.options, ...globalOptionNames].map((name) => findOption(name)!);
}

/** The command that the words name, when they name one: what letters mean depends on it. */
function commandOf(args: readonly string[], commands: readonly Command[]): Command | undefined {
  const { positionals } = parseArgs({
    args: [...args],
    options: knownToParser(undefined),
    strict: false,
    allowPositionals: true,
  });
  const words = positionals.map((word, index) => (index === 0 ? sameWord(word) : word));
  return commands.find((command) => command.words.every((word, index) => words[index] === word));
}

/** Both spellings name the group of commands. */
function sameWord(word: string): string {
  return word === "catalogue" ? "catalog" : word;
}

function tokenize(args: readonly string[], command: Command | undefined): { given: Given[]; words: string[] } {
  const { tokens } = parseArgs({
    args: [...args],
    options: knownToParser(command),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given: Given[] = [];
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(words.length === 0 ? sameWord(token.value) : token.value);
    if (token.kind !== "option") continue;
    const option = findOption(token.name);
    if (option === undefined) throw unknownOption(token.rawName);
    given.push({ option, flag: token.rawName, value: token.value, inline: token.inlineValue === true });
  }
  return { given, words };
}

function unknownOption(flag: string): BackupError {
  if (flag === "--login-path") {
    return new BackupError({
      code: "USAGE",
      message: 'option "--login-path" is not supported: the passwords in ~/.mylogin.cnf are scrambled, not protected',
      hint: "use --password-file, or an option file that only you can read",
    });
  }
  const guess = flag.startsWith("--") ? nearest(flag.slice(2), optionWords) : undefined;
  return new BackupError({
    code: "USAGE",
    message: `unknown option "${flag}"`,
    hint: guess === undefined ? "--help lists the options" : `did you mean "--${guess}"?`,
  });
}

/** The command whose words stand first. */
export function findCommand(words: readonly string[], commands: readonly Command[]): Command {
  const found = commands.find((command) => command.words.every((word, index) => words[index] === word));
  if (found !== undefined) return found;
  const [first = ""] = words;
  const group = commands.filter((command) => command.words[0] === first);
  if (group.length > 0) {
    const second = words[1];
    const guess =
      second === undefined
        ? undefined
        : nearest(
            second,
            group.map((command) => command.words[1] ?? ""),
          );
    throw new BackupError({
      code: "USAGE",
      message: second === undefined ? `"${first}" needs one more word` : `unknown command "${first} ${second}"`,
      hint:
        guess === undefined
          ? `there is ${group.map((command) => `"${command.words.join(" ")}"`).join(", ")}`
          : `did you mean "${first} ${guess}"?`,
    });
  }
  const guess = nearest(
    first,
    commands.map((command) => command.words[0]!),
  );
  throw new BackupError({
    code: "USAGE",
    message: `unknown command "${first}"`,
    hint: guess === undefined ? 'run "dbbackup --help" for the list of commands' : `did you mean "${guess}"?`,
  });
}

function valuesOfFlags(given: readonly Given[], command: Command): Record<string, unknown> {
  const taken = takenBy(command);
  const values: Record<string, unknown> = Object.create(null);
  for (const { option, flag, value, inline } of given) {
    if (!taken.includes(option)) {
      throw new BackupError({
        code: "USAGE",
        message: `option "${flag}" does not belong to "${command.words.join(" ")}"`,
        hint: `run "dbbackup ${command.words.join(" ")} --help"`,
      });
    }
    const read = readOptionValue(option, typedValue(option, flag, value, inline), `option "${flag}"`);
    if (option.repeatable === true) {
      values[option.name] = [...((values[option.name] as unknown[] | undefined) ?? []), read];
    } else if (option.name in values && values[option.name] !== read) {
      throw new BackupError({
        code: "USAGE",
        message: `option "--${option.name}" is given twice with different values`,
        hint: "leave one of them out",
      });
    } else {
      values[option.name] = read;
    }
  }
  for (const { option } of given) {
    const needed = command.needs?.[option.name as OptionName];
    if (needed === undefined || needed in values) continue;
    throw new BackupError({
      code: "USAGE",
      message: `option "--${option.name}" means nothing without "--${needed}"`,
      hint: `add "--${needed}", or leave it out`,
    });
  }
  for (const { option } of given) {
    const other = option.conflicts?.find((name) => name in values);
    if (other === undefined) continue;
    throw new BackupError({
      code: "USAGE",
      message: `options "--${option.name}" and "--${other}" contradict each other`,
      hint: "leave one of them out",
    });
  }
  return values;
}

function typedValue(option: Option, flag: string, value: string | undefined, inline: boolean): string | undefined {
  if (option.type === "flag") {
    if (value === undefined) return undefined;
    throw new BackupError({ code: "USAGE", message: `option "${flag}" takes no value`, hint: `write "${flag}" alone` });
  }
  // A value that looks like an option is more likely a forgotten value.
  if (value === undefined || (!inline && value.startsWith("-") && value !== "-")) {
    throw new BackupError({
      code: "USAGE",
      message: `option "${flag}" needs a value`,
      hint:
        flag === "-h"
          ? '"-h" is the host, as in psql; "--help" shows the help'
          : value === undefined
            ? "--help shows which"
            : `write "--${option.name}=${option.secret === true ? "..." : value}" when the value begins with "-"`,
    });
  }
  return value;
}

function checkOperands(operands: readonly string[], command: Command): void {
  // To libpq an empty name is the user's: a variable of a script that is not set must not choose another database.
  if (operands.includes("")) {
    throw new BackupError({
      code: "USAGE",
      message: `"${command.words.join(" ")}" has an empty argument`,
      hint: `write "dbbackup ${commandSynopsis(command)}"`,
    });
  }
  const least = command.args.filter(({ count }) => count === "one" || count === "many").length;
  const isOpen = command.args.some(({ count }) => count === "many" || count === "some");
  const most = isOpen ? Number.POSITIVE_INFINITY : command.args.length;
  if (operands.length < least) {
    throw new BackupError({
      code: "USAGE",
      message: `"${command.words.join(" ")}" needs ${command.args[operands.length]!.name}`,
      hint: `write "dbbackup ${commandSynopsis(command)}"`,
    });
  }
  if (operands.length > most) {
    throw new BackupError({
      code: "USAGE",
      message: `unexpected argument "${operands[most]}"`,
      hint: `write "dbbackup ${commandSynopsis(command)}"`,
    });
  }
}
