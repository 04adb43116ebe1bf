import { writeOutput } from "../../../commands/write-output.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { printable } from "../../../core/printable.ts";
import type { RunCommand } from "../command.ts";

/** Whoever is shown a key and does not keep it has lost it: said with `--quiet`, too. */
const onlyHere = [
  "The key is shown this once, and stored nowhere: print it, or write it into a safe or a password manager, now.",
  "Without it, nobody can read what is encrypted for it.",
];

export const run: RunCommand = async ({ options }, { services, output }) => {
  const name = options.output;
  if (name === undefined) {
    throw new BackupError({
      code: "USAGE",
      message: "nothing says where the key goes",
      hint: "name a file that is not there yet with --output FILE, or have it shown once with --output -",
    });
  }
  const isShown = name === "-";
  if (isShown && options.json === true) {
    throw new BackupError({
      code: "USAGE",
      message: "--json and --output - both want stdout",
      hint: "write the key to a file, or leave out --json",
    });
  }
  const { text, keyId, recipient, verifyKey } = (await services.encryption()).generate(options.type ?? "raw");
  const target = await services.openOutput(name, "file");
  await writeOutput(target, (sink) => sink.write(Buffer.from(text.reveal())));
  output.document({
    file: name,
    ...(keyId === undefined ? {} : { key_id: keyId }),
    ...(recipient === undefined ? {} : { recipient }),
    ...(verifyKey === undefined ? {} : { verify_key: verifyKey }),
  });
  if (isShown) {
    const forWhom = recipient === undefined ? [] : [`Encrypt for it with: --recipient ${recipient}`];
    const signing =
      verifyKey === undefined ? [] : [`Whoever restores takes only what it signed with: --verify-key ${verifyKey}`];
    for (const line of [...forWhom, ...signing, ...onlyHere]) output.warn(line);
    return ExitStatus.done;
  }
  if (verifyKey !== undefined) {
    output.print(
      `a key to sign backups with is in "${printable(name)}", which only you can read: --sign-key ${printable(name)}`,
      `whoever restores takes only what it signed with: --verify-key ${verifyKey}`,
    );
    return ExitStatus.done;
  }
  output.print(`key "${keyId}" is in "${printable(name)}", which only you can read`);
  if (recipient !== undefined) output.print(`encrypt for it with: --recipient ${recipient}`);
  output.print(
    "Keep this file safe: without it, nobody can read what is encrypted for it. The key is nowhere else, and cannot be made again.",
    "Put a copy where neither the database nor the backups are.",
  );
  return ExitStatus.done;
};
