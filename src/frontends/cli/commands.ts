import type { Command } from "./command.ts";

/** Every command that is built, in the order of help. What is not here is an unknown command. */
export const commands: readonly Command[] = [];
