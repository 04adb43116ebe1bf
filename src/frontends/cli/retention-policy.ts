import { BackupError } from "../../core/backup-error.ts";
import { type RetentionPolicy, removesAnything } from "../../core/retention/retention-policy.ts";
import type { OptionName, OptionValues } from "./options/options.ts";

/** Options that say which backups stay. */
export const retentionNames = [
  "retention-days",
  "min-backups",
  "keep-last",
  "keep-hourly",
  "keep-daily",
  "keep-weekly",
  "keep-monthly",
  "keep-yearly",
] as const satisfies readonly OptionName[];

/**
 * The policy that options say; undefined when they say nothing.
 * @throws BackupError USAGE for a minimum alone, which lets nothing go
 */
export function retentionPolicyOf(options: OptionValues): RetentionPolicy | undefined {
  if (retentionNames.every((name) => options[name] === undefined)) return undefined;
  const policy = withoutUndefined({
    days: options["retention-days"],
    minBackups: options["min-backups"],
    last: options["keep-last"],
    hourly: options["keep-hourly"],
    daily: options["keep-daily"],
    weekly: options["keep-weekly"],
    monthly: options["keep-monthly"],
    yearly: options["keep-yearly"],
  });
  if (removesAnything(policy)) return policy;
  throw new BackupError({
    code: "USAGE",
    message: "--min-backups says which backups stay, and nothing says which may go",
    hint: "give --retention-days, or --keep-last and its like",
  });
}

function withoutUndefined(values: Readonly<Record<string, number | undefined>>): RetentionPolicy {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
