import type { Command } from "./command.ts";
import { backupCommands } from "./commands/backup-commands.ts";
import { cloudCommands } from "./commands/cloud-commands.ts";
import { initCommand } from "./commands/init-command.ts";
import { keepingCommands } from "./commands/keeping-commands.ts";
import { keyCommands } from "./commands/key-commands.ts";
import { programCommands } from "./commands/program-commands.ts";
import { proofCommands } from "./commands/proof-commands.ts";
import { restoreCommands } from "./commands/restore-commands.ts";

/** Every command that is built, in the order of help. What is not here is an unknown command. */
export const commands: readonly Command[] = [
  initCommand,
  ...backupCommands,
  ...restoreCommands,
  ...proofCommands,
  ...keepingCommands,
  ...keyCommands,
  ...cloudCommands,
  ...programCommands,
];
