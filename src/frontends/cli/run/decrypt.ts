import { decryptFile } from "../../../commands/encryption/decrypt-file.ts";
import { namedStoredFile } from "../../../commands/encryption/key-files.ts";
import { bytesOfObject, findNamedFile } from "../../../commands/encryption/source-of-file.ts";
import { BackupError } from "../../../core/backup-error.ts";
import { ENCRYPTED_SUFFIX } from "../../../core/encrypted-file.ts";
import { ExitStatus } from "../../../core/exit-status.ts";
import { printable } from "../../../core/printable.ts";
import { formatBytes } from "../amounts.ts";
import type { RunCommand } from "../command.ts";
import { keySources } from "../key-sources.ts";
import { newFileName, reportsOn } from "../new-file-name.ts";

export const run: RunCommand = async ({ args, options }, context) => {
  const { services, output, signal } = context;
  const path = args[0]!;
  const name = newFileName(path, options, withoutSuffix);
  const report = reportsOn(name, output);
  const file = path === "-" ? undefined : await findNamedFile(path, services.locateFile);
  const keyFiles = file === undefined ? [] : await namedStoredFile(file).keyFiles();
  const stored = await file?.open();
  try {
    const decryption = await (await services.encryption()).decryption(keySources(options));
    const source = stored === undefined ? services.standardInput() : bytesOfObject(stored);
    const target = await services.openOutput(name, "file");
    const onDamage = (damage: BackupError) =>
      output.warn(`${damage.message}; what it holds can be read all the same`, { object: path });
    const { plainBytes } = await decryptFile(source, target, decryption, { keyFiles, onDamage }, signal).catch(
      (error: unknown) => {
        throw error instanceof BackupError ? error.on(path === "-" ? "standard input" : path) : error;
      },
    );
    output.document({ file: name, plain_bytes: plainBytes });
    report(`"${printable(name)}" is decrypted: ${formatBytes(plainBytes)}`);
  } finally {
    await stored?.close();
  }
  return ExitStatus.done;
};

function withoutSuffix(path: string): string {
  if (path.endsWith(ENCRYPTED_SUFFIX)) return path.slice(0, -ENCRYPTED_SUFFIX.length);
  throw new BackupError({
    code: "USAGE",
    message: `"${path}" does not end with ${ENCRYPTED_SUFFIX}, so that the new file has no name`,
    hint: "name it with --output",
  });
}
