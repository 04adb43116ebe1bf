import { BackupError } from "../../core/backup-error.ts";
import { nearest } from "../../core/nearest.ts";
import { environmentName, type Option } from "./options/option.ts";
import { options } from "./options/options.ts";
import { readOptionValue } from "./read-option-value.ts";

const yes = new Set(["1", "true", "yes", "on"]);
const no = new Set(["0", "false", "no", "off"]);

/**
 * Values that the environment gives for options that no flag gave. A variable that contradicts a flag (`DBBACKUP_QUIET`
 * beside `--verbose`) gives way; an empty one counts as not set.
 * @throws BackupError CONFIG when a variable has an impossible value.
 */
export function valuesFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  taken: readonly Option[],
  fromFlags: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const values: Record<string, unknown> = Object.create(null);
  for (const option of taken) {
    const name = environmentName(option);
    const text = name === undefined ? undefined : environment[name];
    if (name === undefined || !text || option.name in fromFlags) continue;
    if (option.conflicts?.some((other) => other in fromFlags)) continue;
    const value = readVariable(option, name, text);
    if (value !== undefined) values[option.name] = value;
  }
  refuseContradictions(taken, values);
  return values;
}

function refuseContradictions(taken: readonly Option[], values: Readonly<Record<string, unknown>>): void {
  for (const option of taken) {
    const other = option.name in values ? option.conflicts?.find((name) => name in values) : undefined;
    const second = taken.find(({ name }) => name === other);
    if (second === undefined) continue;
    throw new BackupError({
      code: "CONFIG",
      message: `environment variables "${environmentName(option)}" and "${environmentName(second)}" contradict each other`,
      hint: "unset one of them",
    });
  }
}

function readVariable(option: Option, name: string, text: string): string | number | boolean | undefined {
  if (option.type === "flag") {
    if (name === "NO_COLOR" || yes.has(text.toLowerCase())) return true;
    if (no.has(text.toLowerCase())) return undefined;
    throw refused(name, text, "use 1 or 0");
  }
  try {
    return readOptionValue(option, text, `environment variable "${name}"`);
  } catch (error) {
    if (error instanceof BackupError) throw refused(name, text, error.hint);
    throw error;
  }
}

function refused(name: string, text: string, hint: string | undefined): BackupError {
  return new BackupError({
    code: "CONFIG",
    message: `environment variable "${name}" has the wrong value "${text}"`,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Secrets of repositories, which only their adapters read: no flag says them. */
const secretsOfRepositories = ["DBBACKUP_SFTP_PASSWORD", "DBBACKUP_SFTP_KEY_PASSPHRASE"];

/** What Kubernetes sets for a service that is called dbbackup, and our own tests. */
const foreign = /^DBBACKUP_(SERVICE_|PORT(_|$)|TEST_)/;

/**
 * Variables that look like ours and mean nothing: a mistyped `DBBACKUP_REPO` would otherwise send backups to another
 * place without a word.
 */
export function unknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
): { readonly name: string; readonly guess: string | undefined }[] {
  const known = (options as readonly Option[])
    .flatMap((option) => environmentName(option) ?? [])
    .concat(secretsOfRepositories);
  return Object.keys(environment)
    .filter((name) => name.startsWith("DBBACKUP_") && !known.includes(name) && !foreign.test(name))
    .map((name) => ({ name, guess: nearest(name, known) }));
}
