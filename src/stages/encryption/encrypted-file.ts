import { randomBytes } from "node:crypto";
import type { ByteSink } from "../../ports/byte-sink.ts";
import type { OpenedObject } from "../../ports/storage.ts";
import { KEY_LENGTH } from "./container-layout.ts";
import { ContainerObject } from "./container-object.ts";
import { EncryptingSink } from "./encrypting-sink.ts";
import { rawKey } from "./recipients/raw-key.ts";

const context = { backupId: "temporary file", artifact: "" };

/**
 * Puts bytes into a temporary file encrypted with a key that nobody keeps, to be read again at any place.
 * @param file is closed with what is answered, or when that fails
 */
export async function encryptedFile(
  file: ByteSink & OpenedObject,
  bytes: AsyncIterable<Uint8Array>,
): Promise<OpenedObject> {
  const key = rawKey(randomBytes(KEY_LENGTH));
  try {
    const sink = await EncryptingSink.open(file, { context, recipients: [key] });
    for await (const piece of bytes) await sink.write(piece);
    await sink.end();
    return await ContainerObject.open(file, { context, holders: [key] });
  } catch (error) {
    await file.close();
    throw error;
  }
}
