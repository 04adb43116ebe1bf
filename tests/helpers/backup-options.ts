import { commands } from "../../src/frontends/cli/commands.ts";
import type { OptionValues } from "../../src/frontends/cli/options/options.ts";
import { parseCommandLine } from "../../src/frontends/cli/parse-command-line.ts";

/** What `dbbackup backup single` reads from these words. */
export function commandLineOf(args: readonly string[]): OptionValues {
  const line = parseCommandLine(["backup", "single", "any", ...args], {}, commands);
  if (line.kind !== "run") throw new Error(`"${args.join(" ")}" asks for ${line.kind}`);
  return line.invocation.options;
}
