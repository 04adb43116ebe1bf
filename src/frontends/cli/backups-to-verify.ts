import { chooseToVerify } from "../../commands/choose-to-verify.ts";
import { openEncrypted, type Unlocking } from "../../commands/encryption/open-encrypted.ts";
import type { FoundBackup } from "../../commands/found-backup.ts";
import { listBackups } from "../../commands/list-backups.ts";
import { BackupError } from "../../core/backup-error.ts";
import type { VerificationLevel } from "../../core/verification/verification-level.ts";
import type { CliContext } from "./cli-context.ts";
import type { Invocation } from "./command.ts";
import { findArgument } from "./find-argument.ts";
import type { OptionValues } from "./options/options.ts";
import { repositoryOf } from "./repository-option.ts";
import { sampleParts } from "./sample-option.ts";

/** A backup that is to be verified when its turn comes: one that cannot be opened does not keep it from the others. */
export interface BackupToVerify {
  readonly name: string;
  /** Unlocked. @throws BackupError */
  open(): Promise<FoundBackup>;
}

/** How closely the options want backups to be looked at. */
export function levelOf({ quick, restore }: OptionValues): VerificationLevel {
  if (restore === true) return "restore";
  return quick === true ? "quick" : "full";
}

/**
 * Those that are named, or all of the repository; of them those that are due.
 * @throws BackupError USAGE when nothing says which are meant, or both do; NOT_FOUND, IO
 */
export async function backupsToVerify(
  { args, options }: Invocation,
  context: CliContext,
  unlocking: Unlocking,
): Promise<readonly BackupToVerify[]> {
  const { sample, budget, database: databases, "older-than": olderThanSeconds } = options;
  const isDueOnly = sample !== undefined || budget !== undefined || olderThanSeconds !== undefined;
  const parts = sampleParts(sample);
  const choosesAll = options.all === true || isDueOnly || databases !== undefined;
  if (args.length > 0 ? options.all === true : !choosesAll) throw contradiction(args.length > 0);
  if (!isDueOnly && args.length > 0 && databases === undefined) return inOrder(args, options, context, unlocking);
  const { found, others } = args.length > 0 ? await named(args, options, context) : await stored(options, context);
  const wanted = found.filter(({ metadata }) => databases?.includes(metadata?.database ?? "") ?? true);
  const { services } = context;
  const choice = {
    level: levelOf(options),
    ...(parts === undefined ? {} : { parts }),
    ...(olderThanSeconds === undefined ? {} : { olderThanSeconds }),
  };
  const due = isDueOnly
    ? await chooseToVerify(wanted, choice, services.openStorage, unlocking, services.clock.now())
    : wanted;
  return [...others, ...due.map((backup) => ({ name: backup.location, open: () => openEncrypted(backup, unlocking) }))];
}

interface Candidates {
  /** As they are stored. */
  readonly found: readonly FoundBackup[];
  /** Those that cannot be read, to be told. */
  readonly others: readonly BackupToVerify[];
}

async function stored(options: OptionValues, { services, signal }: CliContext): Promise<Candidates> {
  const { backups, unreadable } = await listBackups(await services.openStorage(repositoryOf(options)), signal);
  const others = unreadable.map((error) => ({ name: error.object ?? "", open: () => Promise.reject(error) }));
  return { found: backups.map(({ backup }) => backup), others };
}

async function named(args: readonly string[], options: OptionValues, context: CliContext): Promise<Candidates> {
  const found: FoundBackup[] = [];
  const others: BackupToVerify[] = [];
  for (const name of args) {
    try {
      found.push(await findArgument(name, options, context, undefined));
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      others.push({ name, open: () => Promise.reject(error) });
    }
  }
  return { found, others };
}

function inOrder(
  args: readonly string[],
  options: OptionValues,
  context: CliContext,
  unlocking: Unlocking,
): readonly BackupToVerify[] {
  return args.map((name) => ({ name, open: () => findArgument(name, options, context, unlocking) }));
}

function contradiction(areNamed: boolean): BackupError {
  return new BackupError({
    code: "USAGE",
    message: areNamed ? "--all means every backup, and some are named" : "nothing says which backups are meant",
    hint: "name backups, or give --all",
  });
}
