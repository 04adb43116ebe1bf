import { BackupError } from "../../../core/backup-error.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import type { RunCommand } from "../command.ts";
import { commands } from "../commands.ts";
import { bashCompletion } from "../completion/bash-completion.ts";
import { type CompletedCommand, completionTable, type Shell, shells } from "../completion/completion-table.ts";
import { fishCompletion } from "../completion/fish-completion.ts";
import { zshCompletion } from "../completion/zsh-completion.ts";

const scripts: Readonly<Record<Shell, (table: readonly CompletedCommand[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

export const run: RunCommand = async ({ args }, { output }) => {
  const shell = shells.find((name) => name === args[0]);
  if (shell === undefined) {
    throw new BackupError({
      code: "USAGE",
      message: `there is no completion for "${args[0]}"`,
      hint: `name one of ${shells.join(", ")}`,
    });
  }
  const script = scripts[shell](completionTable(commands));
  output.document({ shell, script });
  output.print(script.trimEnd());
  return ExitStatus.done;
};
