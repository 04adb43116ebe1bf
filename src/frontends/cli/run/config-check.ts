import { BackupError } from "../../../core/backup-error.ts";
import { counted } from "../../../core/counted.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { printable } from "../../../core/printable.ts";
import type { RunCommand } from "../command.ts";
import { databasesSections } from "../config/config-keys.ts";
import { parseConfig } from "../config/parse-config.ts";
import { findOption } from "../options/options.ts";
import { formatTable } from "../table.ts";

export const run: RunCommand = async ({ args: [file], options }, { services, output, environment }) => {
  const found = await services.readConfig(file ?? options.config, environment);
  if (found === undefined) throw nothingToCheck();
  const { path, values, databaseRules, profiles } = await parseConfig(found, options.profile, environment);
  const shown = Object.entries(values).map(([name, value]) => [`--${name}`, shownValue(name, value)]);
  if (shown.length > 0) output.print(...formatTable([{ title: "OPTION" }, { title: "VALUE" }], shown));
  for (const section of databasesSections) {
    for (const [database, rules] of databaseRules[section]) {
      const told = Object.entries(rules).map(([name, value]) => `--${name} ${shownValue(name, value)}`);
      output.print(`${section} of ${printable(database)}: ${told.join(" ")}`);
    }
  }
  const more = profiles.length === 0 ? "" : `; profiles: ${profiles.map(printable).join(", ")}`;
  output.print(`${printable(path)} is right: ${counted(shown.length, "value")}${more}`);
  output.document({
    path,
    profile: options.profile ?? null,
    profiles,
    retention: Object.fromEntries(databaseRules.retention),
    policies: Object.fromEntries(databaseRules.policies),
    values: Object.fromEntries(Object.entries(values).filter(([name]) => !isSecret(name))),
  });
  return ExitStatus.done;
};

function shownValue(name: string, value: unknown): string {
  if (isSecret(name)) return "(not shown)";
  return Array.isArray(value) ? value.join(", ") : String(value);
}

function isSecret(name: string): boolean {
  return findOption(name)?.secret === true;
}

function nothingToCheck(): BackupError {
  return new BackupError({
    code: "CONFIG",
    message: "there is no configuration file",
    hint: "name one, or write ./dbbackup.toml",
  });
}
