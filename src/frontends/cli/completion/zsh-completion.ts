import type { CompletedCommand, CompletedOption, Expected } from "./completion-table.ts";

/** A script for zsh: `_dbbackup` in a folder of fpath, or read behind compinit. Pure. */
export function zshCompletion(table: readonly CompletedCommand[]): string {
  const groups = Map.groupBy(table, ({ words }) => words[0]!);
  return `#compdef dbbackup
# zsh completion for dbbackup; made by: dbbackup completion zsh
_dbbackup() {
  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -C '--help[show the commands]' '--version[show the version]' '1: :->command' '*:: :->rest'
  case $state in
    command)
      local -a commands=(
${[...groups].map(([word, members]) => `        ${quoted(`${word}:${described(summaryOf(members))}`)}`).join("\n")}
      )
      _describe command commands ;;
    rest)
      case $words[1] in
${[...groups].map(([word, members]) => `        ${word})\n${groupBody(word, members)} ;;`).join("\n")}
      esac ;;
  esac
}

if [[ $funcstack[1] == _dbbackup ]]; then
  _dbbackup "$@"
else
  compdef _dbbackup dbbackup
fi
`;
}

function summaryOf(members: readonly CompletedCommand[]): string {
  if (members.length === 1) return members[0]!.summary;
  return members.map(({ words }) => words.slice(1).join(" ")).join(", ");
}

/** Within the words behind the first one. */
function groupBody(word: string, members: readonly CompletedCommand[]): string {
  const [only] = members;
  if (members.length === 1 && only!.words.length === 1) return argumentsOf(only!);
  const cases = members.map((command) => `            ${command.words[1]})\n${argumentsOf(command)} ;;`);
  const list = members.map((command) => quoted(`${command.words[1]}:${described(command.summary)}`));
  return `          _arguments -C '1: :->second' '*:: :->more'
          case $state in
            second)
              local -a ${word}_commands=(
                ${list.join("\n                ")}
              )
              _describe command ${word}_commands ;;
            more)
          case $words[1] in
${cases.join("\n")}
          esac ;;
          esac`;
}

function argumentsOf({ options, argument }: CompletedCommand): string {
  const specs = [...options.flatMap(optionSpecs), quoted(`*: :${action(argument)}`)];
  return `          _arguments \\\n${specs.map((spec) => `            ${spec}`).join(" \\\n")}`;
}

function optionSpecs({ flags, help, value, isRepeatable }: CompletedOption): string[] {
  return flags.map((flag) => {
    const name = value === undefined ? flag : `${flag}=`;
    const taken = value === undefined ? "" : `:${described(value.shown)}:${action(value)}`;
    return quoted(`${isRepeatable ? "*" : ""}${name}[${described(help)}]${taken}`);
  });
}

function action(expected: Expected): string {
  switch (expected.kind) {
    case "words":
      return `(${expected.words.join(" ")})`;
    case "file":
      return "_files";
    case "folder":
      return "_files -/";
    case "other":
      return " ";
  }
}

/** What separates the parts of a specification. */
function described(text: string): string {
  return text.replaceAll(/[\\:[\]]/g, (character) => `\\${character}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
