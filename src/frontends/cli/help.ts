import { type Command, commandSynopsis } from "./command.ts";
import { environmentName, familyNote, type Option, optionSynopsis } from "./options/option.ts";
import { findOption, globalOptionNames } from "./options/options.ts";

const WIDTH = 100;
/** Where the explanation of a line begins; a longer left side gets its own line. */
const COLUMN = 28;

/** What `dbbackup --help` prints. */
export function programHelp(commands: readonly Command[]): string {
  return [
    "dbbackup: backup, verified restore and comparison of PostgreSQL, MySQL and MariaDB databases",
    "",
    "usage: dbbackup COMMAND [OPTION]... [ARGUMENT]...",
    "",
    "commands:",
    ...commands.flatMap((command) => entry(commandSynopsis(command), command.summary)),
    "",
    "options of every command:",
    ...optionLines(globalOptionNames.map((name) => findOption(name)!)),
    "",
    '"dbbackup COMMAND --help" shows the options of one command.',
    "",
  ].join("\n");
}

/** What `dbbackup COMMAND --help` prints. */
export function commandHelp(command: Command): string {
  const lines = [`usage: dbbackup ${commandSynopsis(command)} [OPTION]...`, "", sentence(command.summary)];
  if (command.details !== undefined) lines.push("", ...command.details);
  if (command.args.length > 0) {
    lines.push("", "arguments:", ...command.args.flatMap((argument) => entry(argument.name, argument.help)));
  }
  if (command.options.length > 0) {
    lines.push("", "options:", ...optionLines(command.options.map((name) => findOption(name)!)));
  }
  lines.push("", "options of every command:", ...optionLines(globalOptionNames.map((name) => findOption(name)!)));
  if (command.examples !== undefined) lines.push("", "examples:", ...command.examples.map((line) => `  ${line}`));
  lines.push("");
  return lines.join("\n");
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function optionLines(list: readonly Option[]): string[] {
  return list.flatMap((option) => {
    const short = option.short === undefined ? "    " : `-${option.short}, `;
    return entry(`${short}${optionSynopsis(option)}`, explanation(option));
  });
}

function explanation(option: Option): string {
  const notes: string[] = [];
  const servers = familyNote(option);
  if (servers !== undefined) notes.push(servers);
  if (option.default !== undefined) notes.push(`default: ${option.default}`);
  const variable = environmentName(option);
  if (variable !== undefined) notes.push(`$${variable}`);
  if (option.repeatable === true) notes.push("may be repeated");
  return notes.length === 0 ? option.help : `${option.help} (${notes.join("; ")})`;
}

function entry(left: string, text: string): string[] {
  const lines = wrap(text, WIDTH - COLUMN);
  const indent = " ".repeat(COLUMN);
  const head = `  ${left}`;
  if (head.length + 2 > COLUMN) return [head, ...lines.map((line) => indent + line)];
  return [head.padEnd(COLUMN) + lines[0], ...lines.slice(1).map((line) => indent + line)];
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines;
}
