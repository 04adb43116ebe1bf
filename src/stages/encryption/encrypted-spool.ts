import { randomBytes } from "node:crypto";
import type { EncryptedSink } from "../../ports/encryption.ts";
import type { Spool } from "../../ports/spool.ts";
import { KEY_LENGTH } from "./container-layout.ts";
import { decryptStream } from "./decrypt-stream.ts";
import { EncryptingSink } from "./encrypting-sink.ts";
import { rawKey } from "./recipients/raw-key.ts";

const context = { backupId: "spool", artifact: "" };

/**
 * A spool whose bytes are encrypted on their way to the disk, with a key that nobody keeps: what a run that was killed leaves
 * there cannot be read.
 */
export function encryptedSpool(spool: Spool): Spool {
  const key = rawKey(randomBytes(KEY_LENGTH));
  let sink: EncryptedSink | undefined;
  let size = 0;
  return {
    get size() {
      return size;
    },
    async write(bytes) {
      sink ??= await EncryptingSink.open(spool, { context, recipients: [key] });
      await sink.write(bytes);
      size += bytes.length;
    },
    async *drain() {
      const written = sink;
      sink = undefined;
      size = 0;
      if (written === undefined) return;
      await written.end();
      yield* decryptStream(spool.drain(), { context, holders: [key] });
    },
    close: () => spool.close(),
  };
}
