import { BackupError } from "../../core/backup-error.ts";
import { isStorageUrl } from "../../core/storage-url.ts";
import type { OptionValues } from "./options/options.ts";

/** Where backups live when nobody says. */
const DEFAULT_REPOSITORY = "./backups";

/**
 * The repository that `--repo` or its variable names, with the parameters of `--repo-option`.
 * @throws BackupError USAGE
 */
export function repositoryOf(options: OptionValues): string {
  const repository = options.repo ?? DEFAULT_REPOSITORY;
  return (options["repo-option"] ?? []).reduce(withParameter, repository);
}

function withParameter(repository: string, parameter: string): string {
  const [, name, value] = /^([a-z][a-z0-9-]*)=(.*)$/s.exec(parameter) ?? [];
  if (name === undefined || value === undefined) throw refused(parameter, "it is not NAME=VALUE");
  if (!isStorageUrl(repository)) throw refused(parameter, "the repository is a folder, which has no parameters");
  const known = new URLSearchParams(repository.split("?").slice(1).join("?"));
  if (known.has(name)) throw refused(parameter, `"${name}" is given twice`);
  return `${repository}${repository.includes("?") ? "&" : "?"}${name}=${encodeURIComponent(value)}`;
}

function refused(parameter: string, reason: string): BackupError {
  return new BackupError({
    code: "USAGE",
    // A value may be what nobody is to read.
    message: `--repo-option "${parameter.replace(/=.*/s, "=...")}" cannot be used: ${reason}`,
    hint: "see docs/storage.md for the parameters of each kind of repository",
  });
}
