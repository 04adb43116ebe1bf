import { fileContext } from "../../core/encrypted-file.ts";
import type { BackupOutput } from "../../ports/backup-output.ts";
import type { Decryption, Opening } from "../../ports/encryption.ts";
import { writeOutput } from "../write-output.ts";

export interface DecryptedFile {
  readonly plainBytes: number;
}

/**
 * Decrypts a stream into a new file, which appears when the encrypted one was read to its end and is whole. Standard output and
 * pipes get each frame as soon as it is proved: whoever reads them must look at the exit status.
 * @throws BackupError KEY, DAMAGED, UNSUPPORTED_FORMAT, EXISTS, IO, INTERRUPTED
 */
export async function decryptFile(
  source: AsyncIterable<Uint8Array>,
  output: BackupOutput,
  decryption: Decryption,
  { keyFiles, onDamage }: Pick<Opening, "keyFiles" | "onDamage">,
  signal: AbortSignal,
): Promise<DecryptedFile> {
  return await writeOutput(output, async (target) => {
    let plainBytes = 0;
    const opening = { context: fileContext, onDamage, ...(keyFiles === undefined ? {} : { keyFiles }) };
    for await (const piece of decryption.stream(source, opening)) {
      signal.throwIfAborted();
      await target.write(piece);
      plainBytes += piece.length;
    }
    return { plainBytes };
  });
}
