import { encryptFile } from "../../../commands/encryption/encrypt-file.ts";
import { bytesOfObject, openNamedFile } from "../../../commands/encryption/source-of-file.ts";
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
  const name = newFileName(path, options, (given) => `${given}${ENCRYPTED_SUFFIX}`);
  // Who reads what it writes may want nothing but bytes there.
  const report = reportsOn(name, output);
  const stored = path === "-" ? undefined : await openNamedFile(path, services.locateFile);
  try {
    const encryption = await (await services.encryption()).encryption(keySources(options));
    const source = stored === undefined ? services.standardInput() : bytesOfObject(stored);
    const target = await services.openOutput(name, "file");
    const { plainBytes, storedBytes } = await encryptFile(source, target, encryption, signal);
    output.document({ file: name, plain_bytes: plainBytes, stored_bytes: storedBytes });
    report(`"${printable(name)}" is encrypted: ${formatBytes(plainBytes)}, stored ${formatBytes(storedBytes)}`);
    if (path !== "-") report(`"${printable(path)}" was left as it is: remove it when it is not to be read any more`);
  } finally {
    await stored?.close();
  }
  return ExitStatus.done;
};
