import { timingSafeEqual } from "node:crypto";
import { BackupError } from "../../core/backup-error.ts";
import type { ContainerContext } from "../../ports/encryption.ts";
import { damagedContainer } from "./container-error.ts";
import { type ContainerHeader, contextHash } from "./container-header.ts";
import { containerKeys, headerMac } from "./derive-keys.ts";
import { FrameCipher } from "./frame-cipher.ts";
import type { KeyHolder } from "./recipient.ts";

/** A file whose header is proved. */
export interface UnlockedContainer {
  readonly header: ContainerHeader;
  readonly cipher: FrameCipher;
  readonly dataKey: Buffer;
  /**
   * Undefined when all is well; else how the header differs from what was written. The data can be read all the same: its key
   * is the one that the file was written with.
   */
  readonly headerDamage: BackupError | undefined;
}

/**
 * Opens a header: the context is the expected one, a key opens a stanza, the data key is the one that the file is committed to,
 * and the header is whole; in this order, and no frame is believed before.
 * @throws BackupError KEY when no key opens it, DAMAGED
 */
export async function unlockContainer(
  header: ContainerHeader,
  context: ContainerContext,
  holders: readonly KeyHolder[],
): Promise<UnlockedContainer> {
  if (!timingSafeEqual(header.contextHash, contextHash(context))) {
    throw damagedContainer(`is not "${context.artifact}" of backup "${context.backupId}": it was exchanged or renamed`);
  }
  const dataKey = await openStanza(header, holders);
  const keys = containerKeys(dataKey, header.salt, header.bytes);
  if (!timingSafeEqual(keys.commitment, header.commitment)) {
    throw damagedContainer("was changed: it was not written with the key that its header gives");
  }
  const isWhole = timingSafeEqual(headerMac(keys, header.macked), header.mac);
  const headerDamage = isWhole ? undefined : damagedContainer("has a header that was changed or damaged");
  return { header, cipher: new FrameCipher(keys.payload), dataKey, headerDamage };
}

async function openStanza(header: ContainerHeader, holders: readonly KeyHolder[]): Promise<Buffer> {
  for (const holder of holders) {
    for (const stanza of header.stanzas) {
      const dataKey = await holder.open(stanza, header);
      if (dataKey !== undefined) return dataKey;
    }
  }
  throw new BackupError({
    code: "KEY",
    message:
      holders.length === 0 ? "the file is encrypted, and no key was given" : "no key that was given opens the file",
    hint: "give the key that it was encrypted for: --key-file, --key-env or a passphrase",
  });
}
