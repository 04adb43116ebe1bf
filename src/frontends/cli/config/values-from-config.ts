import { BackupError } from "../../../core/backup-error.ts";
import type { Option } from "../options/option.ts";
import { type ConfigValues, otherServer, withoutServer } from "./parse-config.ts";

/**
 * Values that the configuration file gives for options of a command that neither a flag nor a variable gave. What contradicts
 * those gives way; a server that they name is not mixed with the file's.
 * @throws BackupError CONFIG when the file contradicts itself
 */
export function valuesFromConfig(
  { path, values }: ConfigValues,
  taken: readonly Option[],
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const wanted = otherServer(given) ? withoutServer(values) : values;
  const found: Record<string, unknown> = Object.create(null);
  for (const option of taken) {
    const { name, conflicts = [] } = option;
    if (!(name in wanted) || name in given || conflicts.some((other) => other in given)) continue;
    found[name] = wanted[name];
  }
  for (const { name, conflicts = [] } of taken) {
    const other = name in found ? conflicts.find((candidate) => candidate in found) : undefined;
    if (other === undefined) continue;
    throw new BackupError({
      code: "CONFIG",
      message: `the configuration file cannot be used: it says both "${name}" and "${other}", which contradict each other`,
      object: path,
      hint: "leave one of them out",
    });
  }
  return found;
}
