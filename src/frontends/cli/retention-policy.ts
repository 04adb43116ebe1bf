import { BackupError } from "../../core/backup-error.ts";
import { checkedTagWords } from "../../core/backup-tags.ts";
import { type RetentionPolicy, removesAnything } from "../../core/retention/retention-policy.ts";
import type { Invocation } from "./command.ts";
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
  "keep-tag",
] as const satisfies readonly OptionName[];

/**
 * The policies that options and the configuration file say; undefined when they say nothing.
 * @returns the policy of a database: its own in place of the common one
 * @throws BackupError USAGE for a minimum or tags alone, which let nothing go
 */
export function retentionPolicyOf({
  options,
  databaseRetention = new Map(),
}: Pick<Invocation, "options" | "databaseRetention">): ((database: string) => RetentionPolicy) | undefined {
  const common = readPolicy(options, (name) => `--${name}`);
  const own = new Map(
    [...databaseRetention].map(([name, values]) => [
      name,
      readPolicy(values, (option) => `${option.replaceAll("-", "_")} of "${name}"`) ?? {},
    ]),
  );
  if (common === undefined && own.size === 0) return undefined;
  return (database) => own.get(database) ?? common ?? {};
}

function readPolicy(options: OptionValues, titleOf: (name: OptionName) => string): RetentionPolicy | undefined {
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
    tags: options["keep-tag"] && checkedTagWords(options["keep-tag"]),
  });
  if (removesAnything(policy)) return policy;
  throw new BackupError({
    code: "USAGE",
    message: `${titleOf(policy.minBackups === undefined ? "keep-tag" : "min-backups")} says which backups stay, and nothing says which may go`,
    hint: "give --retention-days, or --keep-last and its like",
  });
}

function withoutUndefined(values: Readonly<Record<string, unknown>>): RetentionPolicy {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
