import { BackupError } from "../../core/backup-error.ts";
import type { EngineChoice } from "../../ports/engine-choice.ts";
import type { OptionValues } from "./options/options.ts";

/** Who is to do the work. @throws BackupError USAGE */
export function engineChoice(options: OptionValues): EngineChoice {
  const name = options.engine ?? "native";
  const toolsPath = options["tools-path"];
  if (toolsPath === undefined) return { name };
  if (name !== "native") return { name, toolsPath };
  throw new BackupError({
    code: "USAGE",
    message: '"--tools-path" needs --engine tools or auto',
    hint: "add --engine, or leave out --tools-path",
  });
}
