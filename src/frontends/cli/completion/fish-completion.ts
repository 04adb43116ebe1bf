import type { CompletedCommand, CompletedOption, Expected } from "./completion-table.ts";
import { everyOption } from "./completion-table.ts";

/** A script for fish, to be put into ~/.config/fish/completions/dbbackup.fish. Pure. */
export function fishCompletion(table: readonly CompletedCommand[]): string {
  const valued = everyOption(table)
    .filter(({ value }) => value !== undefined)
    .flatMap(({ flags }) => flags);
  const groups = Map.groupBy(table, ({ words }) => words[0]!);
  const lines = [...groups].flatMap(([word, members]) => {
    const isGroup = members.some(({ words }) => words.length > 1);
    const summary = isGroup ? members.map(({ words }) => words[1]).join(", ") : members[0]!.summary;
    const second = members
      .filter(() => isGroup)
      .map((command) => line(`__dbbackup_is ${word}`, `-f -a ${command.words[1]} -d ${quoted(command.summary)}`));
    return [line("__dbbackup_is", `-f -a ${word} -d ${quoted(summary)}`), ...second];
  });
  return `# fish completion for dbbackup; made by: dbbackup completion fish
set -g __dbbackup_valued ${valued.join(" ")}

# The words before the cursor that are no options or their values.
function __dbbackup_words
  set -l skip 0
  for word in (commandline -opc)[2..-1]
    if test $skip -eq 1
      set skip 0
    else if contains -- $word $__dbbackup_valued
      set skip 1
    else if not string match -q -- '-*' $word
      echo -- $word
    end
  end
end

# Whether these are all of them.
function __dbbackup_is
  set -l found (__dbbackup_words)
  test "$found" = "$argv"
end

# Whether they begin with these.
function __dbbackup_in
  set -l found (__dbbackup_words)
  set -l asked (count $argv)
  test (count $found) -ge $asked; and test "$found[1..$asked]" = "$argv"
end

complete -c dbbackup -f
${[...lines, ...table.flatMap(commandLines)].join("\n")}
`;
}

function commandLines({ words, options, argument }: CompletedCommand): string[] {
  const condition = `__dbbackup_in ${words.join(" ")}`;
  const args = argument.kind === "other" ? [] : [line(condition, expectedFlags(argument))];
  return [...options.flatMap((option) => optionLines(condition, option)), ...args];
}

function optionLines(condition: string, { flags, help, value }: CompletedOption): string[] {
  return flags.map((flag) => {
    const taken = value === undefined ? "" : ` -r ${expectedFlags(value)}`;
    return line(condition, `-l ${flag.slice(2)}${taken} -d ${quoted(help)}`);
  });
}

function expectedFlags(expected: Expected): string {
  switch (expected.kind) {
    case "words":
      return `-f -a ${quoted(expected.words.join(" "))}`;
    case "file":
      return "-F";
    case "folder":
      return "-f -a '(__fish_complete_directories)'";
    case "other":
      return "-f";
  }
}

function line(condition: string, rest: string): string {
  return `complete -c dbbackup -n ${quoted(condition)} ${rest}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, (character) => `\\${character}`)}'`;
}
