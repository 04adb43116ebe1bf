import { type Command, commandSynopsis } from "./command.ts";
import { environmentName, familyNote, type Option, optionSynopsis } from "./options/option.ts";
import { findOption, globalOptionNames } from "./options/options.ts";

/** The page docs/cli.md, made from the tables of commands and options. */
export function docsPage(commands: readonly Command[]): string {
  return [
    "# Commands and options",
    "",
    "Made from the program's own tables: do not edit. A flag wins over its environment variable, and that over the default.",
    "",
    "Exit status: 0 done; 1 failed; 2 wrong usage or configuration, or a missing `--confirm` (nothing touched);",
    "3 finished with some objects failed; 4 damage or a difference found; 130 interrupted.",
    "",
    'With `--json` a command that fails prints `{ "error": { "code", "message", "object", "details", "hint", "sql_state",',
    '"retry", "exit_status" } }` on stdout; what does not apply is missing.',
    "",
    "## Options of every command",
    "",
    ...optionRows(globalOptionNames.map((name) => findOption(name)!)),
    ...commands.flatMap(commandSection),
  ].join("\n");
}

function commandSection(command: Command): string[] {
  const lines = [
    `## dbbackup ${command.words.join(" ")}`,
    "",
    `    dbbackup ${commandSynopsis(command)} [OPTION]...`,
    "",
  ];
  lines.push(`${command.summary.charAt(0).toUpperCase()}${command.summary.slice(1)}.`, "");
  if (command.details !== undefined) lines.push(...command.details, "");
  for (const argument of command.args) lines.push(`- \`${argument.name}\`: ${argument.help}`);
  if (command.args.length > 0) lines.push("");
  lines.push(...optionRows(command.options.map((name) => findOption(name)!)));
  if (command.examples !== undefined) lines.push("Examples:", "", ...command.examples.map((line) => `    ${line}`), "");
  return lines;
}

function optionRows(list: readonly Option[]): string[] {
  if (list.length === 0) return [];
  const rows = list.map((option) => `| ${cell(flags(option))} | ${environment(option)} | ${cell(meaning(option))} |`);
  return ["| option | environment | meaning |", "| --- | --- | --- |", ...rows, ""];
}

function flags(option: Option): string {
  const all = [optionSynopsis(option), ...(option.short === undefined ? [] : [`-${option.short}`])];
  return [...all, ...(option.aliases ?? []).map((alias) => `--${alias}`)].map((flag) => `\`${flag}\``).join(", ");
}

function environment(option: Option): string {
  const name = environmentName(option);
  return name === undefined ? "" : `\`${name}\``;
}

function meaning(option: Option): string {
  const parts = [option.help];
  const servers = familyNote(option);
  if (servers !== undefined) parts.push(servers);
  if (option.repeatable === true) parts.push("may be repeated");
  if (option.conflicts !== undefined)
    parts.push(`not with ${option.conflicts.map((name) => `\`--${name}\``).join(", ")}`);
  if (option.default !== undefined) parts.push(`default: ${option.default}`);
  const text = parts.join("; ");
  return option.details === undefined ? text : `${text}. ${option.details}`;
}

/** A bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
