import type { OptionValues } from "./options/options.ts";

/** Where backups live when nobody says. */
const DEFAULT_REPOSITORY = "./backups";

/** The repository that `--repo` or its variable names. */
export function repositoryOf(options: OptionValues): string {
  return options.repo ?? DEFAULT_REPOSITORY;
}
