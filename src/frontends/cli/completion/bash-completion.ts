import { type CompletedCommand, type Expected, everyOption } from "./completion-table.ts";

/** A script for bash 4 and later, to be read by ~/.bashrc or from a folder of completions. Pure. */
export function bashCompletion(table: readonly CompletedCommand[]): string {
  const options = everyOption(table);
  const valued = options.filter(({ value }) => value !== undefined).flatMap(({ flags }) => flags);
  const values = options.flatMap(({ flags, value }) =>
    value === undefined ? [] : [`    ${flags.join("|")}) ${replyOf(value)} return ;;`],
  );
  return `# bash completion for dbbackup; made by: dbbackup completion bash
_dbbackup() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev= index word skip= taken=()
  COMPREPLY=()
  ((COMP_CWORD > 0)) && prev=\${COMP_WORDS[COMP_CWORD - 1]}
  # --option=value comes as three words.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]] && ((COMP_CWORD > 1)); then
    prev=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    if [[ $word == = ]]; then skip=1; continue; fi
    if [[ -n $skip ]]; then skip=; continue; fi
    case $word in
      ${valued.join("|")}) skip=1 ;;
      -*) ;;
      *) taken+=("$word") ;;
    esac
  done
  case $prev in
${values.join("\n")}
  esac
  case "\${taken[*]}" in
${commandCases(table).join("\n")}
  esac
}

_dbbackup_files() {
  compopt -o filenames 2>/dev/null
  local IFS=$'\\n'
  COMPREPLY=($(compgen "$1" -- "$2"))
}

complete -F _dbbackup dbbackup
`;
}

function replyOf(expected: Expected): string {
  switch (expected.kind) {
    case "words":
      return `COMPREPLY=($(compgen -W ${quoted(expected.words.join(" "))} -- "$cur"));`;
    case "file":
      return '_dbbackup_files -f "$cur";';
    case "folder":
      return '_dbbackup_files -d "$cur";';
    case "other":
      return "";
  }
}

/** From the longest beginning to the shortest: the first that fits is taken. */
function commandCases(table: readonly CompletedCommand[]): string[] {
  const whole = table.map(({ words, options, argument }) => {
    const name = words.join(" ");
    const flags = options.flatMap((option) => option.flags).join(" ");
    const reply = replyOf(argument);
    return `    ${quoted(name)}|${quoted(`${name} `)}*)
      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W ${quoted(flags)} -- "$cur"));${reply === "" ? "" : ` else ${reply}`} fi ;;`;
  });
  const groups = [...new Set(table.filter(({ words }) => words.length > 1).map(({ words }) => words[0]!))];
  const second = groups.map((group) => {
    const words = table.filter((command) => command.words[0] === group).flatMap((command) => command.words.slice(1));
    return `    ${quoted(group)}) COMPREPLY=($(compgen -W ${quoted(words.join(" "))} -- "$cur")) ;;`;
  });
  const first = [...new Set(table.map(({ words }) => words[0]!))];
  return [
    ...whole,
    ...second,
    `    "") COMPREPLY=($(compgen -W ${quoted([...first, "--help", "--version"].join(" "))} -- "$cur")) ;;`,
  ];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
