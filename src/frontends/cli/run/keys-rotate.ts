import { type ReplacedBackup, replaceBackup } from "../../../commands/encryption/replace-backup.ts";
import { type RotatedBackup, rotateKeys } from "../../../commands/encryption/rotate-keys.ts";
import type { FoundBackup } from "../../../commands/found-backup.ts";
import type { Listing } from "../../../commands/list-backups.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { counted } from "../../../core/counted.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { printable } from "../../../core/printable.ts";
import type { KeyRotation } from "../../../ports/encryption.ts";
import { chosenBackups } from "../chosen-backups.ts";
import type { CliContext } from "../cli-context.ts";
import type { RunCommand } from "../command.ts";
import { errorDocument } from "../describe-error.ts";
import { keySources, newKeySources } from "../key-sources.ts";
import type { OptionValues } from "../options/options.ts";
import type { Output } from "../output.ts";

type Outcome =
  | { readonly kind: "rotated"; readonly result: RotatedBackup }
  | { readonly kind: "replaced"; readonly result: ReplacedBackup }
  | { readonly kind: "failed"; readonly location: string; readonly error: BackupError };

export const run: RunCommand = async (invocation, context) => {
  const { options } = invocation;
  const { services, output, progress, signal } = context;
  const rotation = await (await services.encryption()).rotation(keySources(options), newKeySources(options));
  const onDamage = ({ message, object }: BackupError) =>
    progress.emit({ event: "warning", message: `${message}${object === undefined ? "" : ` (${object})`}` });
  const { clock, openStorage } = services;
  const change = options["re-encrypt"] === true ? await reEncrypting(rotation, onDamage, options, context) : rotating;
  const outcomes: Outcome[] = [];
  for await (const { name: location, find } of chosenBackups(invocation, context, encryptedOf(output))) {
    try {
      outcomes.push(await change(await find()));
    } catch (error) {
      // The others need their new keys all the same.
      if (signal.aborted || !(error instanceof BackupError)) throw error;
      outcomes.push({ kind: "failed", location, error });
      output.logError(error);
    }
    const last = outcomes.at(-1)!;
    if (last.kind !== "failed") output.print(lineOf(last));
  }
  output.document(outcomes.map(documentOf));
  if (outcomes.some(({ kind }) => kind === "rotated")) {
    output.print(
      "This does not revoke: who has an old key and the files can read them as before.",
      'After a leak, encrypt them again with "keys rotate --re-encrypt", and remove the old ones, and copies of them.',
    );
  }
  return statusOf(outcomes);

  async function rotating(found: FoundBackup): Promise<Outcome> {
    return { kind: "rotated", result: await rotateKeys(found, { rotation, openStorage, clock, onDamage }, signal) };
  }
};

async function reEncrypting(
  rotation: KeyRotation,
  onDamage: (damage: BackupError) => void,
  options: OptionValues,
  { services, progress, signal }: CliContext,
): Promise<(found: FoundBackup) => Promise<Outcome>> {
  const { openStages } = await services.dumping();
  const { clock, openStorage } = services;
  const openChecker = () => services.openChecker();
  const ports = { rotation, onDamage, openStages, openStorage, openChecker, clock, progress };
  const wish = { removesOld: options["remove-old"] === true };
  return async (found) => ({ kind: "replaced", result: await replaceBackup(found, wish, ports, signal) });
}

/** With `--all`: the encrypted ones; the others are told of. */
function encryptedOf(output: Output) {
  return ({ backups }: Listing): Listing["backups"] => {
    const encrypted = backups.filter(({ metadata }) => metadata.sealed !== undefined);
    const others = backups.length - encrypted.length;
    if (others > 0)
      output.info(`${counted(others, "backup")} of the repository ${others === 1 ? "is" : "are"} not encrypted`);
    return encrypted;
  };
}

function lineOf(outcome: Exclude<Outcome, { kind: "failed" }>): string {
  const { location } = outcome.result;
  if (outcome.kind === "replaced") {
    const { id, wasThere, isRemoved, hasNewKeys } = outcome.result;
    if (hasNewKeys) return `${printable(location)}: was made by an earlier run`;
    const made = wasThere ? `was encrypted again before, as ${id}` : `is encrypted again, as ${id}`;
    return `${printable(location)}: ${made}${isRemoved ? ", and removed" : ""}`;
  }
  const { rotated, unchanged } = outcome.result;
  const done = rotated === 0 ? "has these keys already" : `${counted(rotated, "encrypted file")} got new keys`;
  const before = rotated > 0 && unchanged > 0 ? `, ${unchanged} had them already` : "";
  return `${printable(location)}: ${done}${before}`;
}

function documentOf(outcome: Outcome) {
  switch (outcome.kind) {
    case "failed":
      return { backup: outcome.location, status: "failed", error: errorDocument(outcome.error) };
    case "rotated": {
      const { location, rotated, unchanged } = outcome.result;
      return { backup: location, status: "ok", rotated, unchanged };
    }
    case "replaced": {
      const { location, id, wasThere, isRemoved } = outcome.result;
      return { backup: location, status: "ok", re_encrypted_as: id, was_there: wasThere, removed: isRemoved };
    }
  }
}

function statusOf(outcomes: readonly Outcome[]): ExitStatus {
  const failures = outcomes.flatMap((outcome) => (outcome.kind === "failed" ? [outcome.error] : []));
  if (failures.length === 0) return ExitStatus.done;
  return failures.length === outcomes.length ? failures[0]!.exitStatus : ExitStatus.partial;
}
