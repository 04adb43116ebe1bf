import { fileContext } from "../../core/encrypted-file.ts";
import type { BackupOutput } from "../../ports/backup-output.ts";
import type { ByteSink } from "../../ports/byte-sink.ts";
import type { Encryption } from "../../ports/encryption.ts";
import { writeOutput } from "../write-output.ts";

export interface EncryptedFile {
  readonly plainBytes: number;
  readonly storedBytes: number;
}

/**
 * Encrypts a stream into a new file, which appears when it is whole; what it is made of is left as it is.
 * @throws BackupError EXISTS, IO, INTERRUPTED
 */
export async function encryptFile(
  source: AsyncIterable<Uint8Array>,
  output: BackupOutput,
  encryption: Encryption,
  signal: AbortSignal,
): Promise<EncryptedFile> {
  return await writeOutput(output, async (target) => {
    const counting = new CountingSink(target);
    const sink = await encryption.open(counting, fileContext);
    let plainBytes = 0;
    for await (const piece of source) {
      signal.throwIfAborted();
      await sink.write(piece);
      plainBytes += piece.length;
    }
    await sink.end();
    return { plainBytes, storedBytes: counting.bytes };
  });
}

class CountingSink implements ByteSink {
  readonly #target: ByteSink;
  bytes = 0;

  constructor(target: ByteSink) {
    this.#target = target;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#target.write(bytes);
    this.bytes += bytes.length;
  }
}
