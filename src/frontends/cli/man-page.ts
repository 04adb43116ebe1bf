import { type Command, commandSynopsis } from "./command.ts";
import { environmentName, familyNote, type Option, optionSynopsis } from "./options/option.ts";
import { findOption, globalOptionNames } from "./options/options.ts";

/** A manual page, and the name of its file. */
export interface ManPage {
  readonly file: string;
  readonly text: string;
}

/** The manual pages of the program and of each of its commands, made from their tables, as roff for man(7). Pure. */
export function manPages(commands: readonly Command[], version: string): readonly ManPage[] {
  return [
    { file: "dbbackup.1", text: programPage(commands, version) },
    ...commands.map((command) => ({ file: `${pageName(command)}.1`, text: commandPage(command, version) })),
  ];
}

function programPage(commands: readonly Command[], version: string): string {
  return page(
    "dbbackup",
    "backup, verified restore and comparison of PostgreSQL, MySQL and MariaDB databases",
    version,
    [
      ".SH SYNOPSIS",
      `.B dbbackup`,
      text("COMMAND [OPTION]... [ARGUMENT]..."),
      ".SH COMMANDS",
      ...commands.flatMap((command) => [".TP", `.BR ${quoted(pageName(command))} "(1)"`, text(`${command.summary}.`)]),
      ".SH OPTIONS",
      "These are options of every command.",
      ...globalOptionNames.flatMap((name) => optionLines(findOption(name)!)),
      ".SH EXIT STATUS",
      ...exitStatus.flatMap(([status, meaning]) => [".TP", `.B ${status}`, text(meaning)]),
    ],
  );
}

const exitStatus: readonly (readonly [string, string])[] = [
  ["0", "Done."],
  ["1", "Failed."],
  ["2", "Wrong usage or configuration, or a missing --confirm: nothing was touched."],
  ["3", "Finished, with some objects failed."],
  ["4", "Damage or a difference was found."],
  ["130", "Interrupted."],
];

function commandPage(command: Command, version: string): string {
  const name = pageName(command);
  return page(name, command.summary, version, [
    ".SH SYNOPSIS",
    `.B dbbackup ${escaped(command.words.join(" "))}`,
    text(`[OPTION]... ${commandSynopsis(command).slice(command.words.join(" ").length)}`.trim()),
    ".SH DESCRIPTION",
    text(`${command.summary.charAt(0).toUpperCase()}${command.summary.slice(1)}.`),
    ...(command.details === undefined ? [] : [".PP", ...command.details.map(text)]),
    ...(command.args.length === 0 ? [] : [".SH ARGUMENTS"]),
    ...command.args.flatMap((argument) => [".TP", `.I ${escaped(argument.name)}`, text(argument.help)]),
    ...(command.options.length === 0 ? [] : [".SH OPTIONS"]),
    ...command.options.flatMap((option) => optionLines(findOption(option)!)),
    ".PP",
    "The options of every command are in",
    '.BR dbbackup "(1)."',
    ...(command.examples === undefined ? [] : [".SH EXAMPLES", ".nf", ...command.examples.map(text), ".fi"]),
    ".SH SEE ALSO",
    '.BR dbbackup "(1)"',
  ]);
}

function page(name: string, summary: string, version: string, lines: readonly string[]): string {
  const head = [
    `.TH ${quoted(name.toUpperCase())} 1 "" ${quoted(`dbbackup ${version}`)}`,
    ".SH NAME",
    `${escaped(name)} \\- ${escaped(summary)}`,
  ];
  return `${[...head, ...lines].join("\n")}\n`;
}

function optionLines(option: Option): string[] {
  const short = option.short === undefined ? "" : `-${option.short}, `;
  const others = (option.aliases ?? []).map((alias) => `, --${alias}`).join("");
  const notes = [
    familyNote(option),
    option.repeatable === true ? "may be repeated" : undefined,
    option.default === undefined ? undefined : `default: ${option.default}`,
    environmentName(option) === undefined ? undefined : `environment: ${environmentName(option)}`,
  ].filter((note) => note !== undefined);
  return [
    ".TP",
    `.B ${quoted(`${short}${optionSynopsis(option)}${others}`)}`,
    text(`${option.help}${notes.length === 0 ? "" : ` (${notes.join("; ")})`}.`),
    ...(option.details === undefined ? [] : [text(option.details)]),
  ];
}

function pageName({ words }: Command): string {
  return `dbbackup-${words.join("-")}`;
}

/** A line of text: what would be a request at its beginning is none. */
function text(line: string): string {
  const safe = escaped(line);
  return /^[.']/.test(safe) ? `\\&${safe}` : safe;
}

/** An argument of a request. */
function quoted(argument: string): string {
  return `"${escaped(argument).replaceAll('"', "\\(dq")}"`;
}

function escaped(line: string): string {
  return line
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("~", "\\(ti")
    .replaceAll("^", "\\(ha")
    .replaceAll("`", "\\(ga")
    .replaceAll(
      /[^\x20-\x7e]/gu,
      (character) => `\\[u${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}]`,
    );
}
