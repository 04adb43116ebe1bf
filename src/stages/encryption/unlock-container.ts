import { timingSafeEqual } from "node:crypto";
import { BackupError } from "../../core/backup-error.ts";
import type { ContainerContext, KeyFileBytes } from "../../ports/encryption.ts";
import { damagedContainer, damagedKeyFile } from "./container-error.ts";
import { type ContainerHeader, contextHash } from "./container-header.ts";
import { containerKeys, headerMac } from "./derive-keys.ts";
import { FrameCipher } from "./frame-cipher.ts";
import type { KeyHolder } from "./recipient.ts";
import { decodeSidecar, isGenuine, type Sidecar } from "./sidecar.ts";
import type { Stanza } from "./stanza.ts";

/** A file whose header is proved. */
export interface UnlockedContainer {
  readonly header: ContainerHeader;
  readonly cipher: FrameCipher;
  readonly dataKey: Buffer;
  /** Key files whose MAC is right, the newest first. */
  readonly sidecars: readonly Sidecar[];
  /**
   * Undefined when all is well; else how the header differs from what was written. The data can be read all the same: its key
   * is the one that the file was written with.
   */
  readonly headerDamage: BackupError | undefined;
}

/** What a file may be opened with. */
export interface UnlockWith {
  /** Which file it must be. */
  readonly context: ContainerContext;
  readonly holders: readonly KeyHolder[];
  readonly keyFiles?: readonly KeyFileBytes[];
  /** A key file is not what was written. */
  readonly onKeyFileDamage?: (damage: BackupError) => void;
}

/**
 * Opens a header: the context is the expected one, a key opens a stanza, the data key is the one that the file is committed to,
 * and the header is whole; in this order, and no frame is believed before. Key files, the newest first, are asked before
 * the header's own stanzas; a damaged one is told and passed over.
 * @throws BackupError KEY when no key opens it, DAMAGED
 */
export async function unlockContainer(header: ContainerHeader, unlocking: UnlockWith): Promise<UnlockedContainer> {
  const { context, holders, onKeyFileDamage = () => {} } = unlocking;
  if (!timingSafeEqual(header.contextHash, contextHash(context))) {
    throw damagedContainer(`is not "${context.artifact}" of backup "${context.backupId}": it was exchanged or renamed`);
  }
  const sidecars = readSidecars(header, unlocking);
  const dataKey =
    (await keyOfSidecars(header, sidecars, holders)) ??
    (await openStanzas(header.stanzas, header, holders)) ??
    refuseKeys(holders);
  const keys = containerKeys(dataKey, header.salt, header.bytes);
  if (!timingSafeEqual(keys.commitment, header.commitment)) {
    throw damagedContainer("was changed: it was not written with the key that its header gives");
  }
  const genuine = sidecars.filter((sidecar) => {
    const isOurs = isGenuine(sidecar, dataKey, header);
    if (!isOurs) onKeyFileDamage(damagedKeyFile(sidecar.name, "was changed"));
    return isOurs;
  });
  const isWhole = timingSafeEqual(headerMac(keys, header.macked), header.mac);
  const headerDamage = isWhole ? undefined : damagedContainer("has a header that was changed or damaged");
  return { header, cipher: new FrameCipher(keys.payload), dataKey, sidecars: genuine, headerDamage };
}

/** As far as they are some of this file, the newest first. */
function readSidecars(header: ContainerHeader, { keyFiles = [], onKeyFileDamage }: UnlockWith): Sidecar[] {
  const sidecars = keyFiles.flatMap((file) => {
    try {
      return [decodeSidecar(file, header)];
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
      onKeyFileDamage?.(error);
      return [];
    }
  });
  return sidecars.toSorted((a, b) => (a.epoch === b.epoch ? 0 : a.epoch < b.epoch ? 1 : -1));
}

/** Only a key that the file is committed to counts: what else a key file holds is damage, which its MAC shows. */
async function keyOfSidecars(
  header: ContainerHeader,
  sidecars: readonly Sidecar[],
  holders: readonly KeyHolder[],
): Promise<Buffer | undefined> {
  for (const { stanzas } of sidecars) {
    const dataKey = await openStanzas(stanzas, header, holders).catch((error: unknown) => {
      if (!(error instanceof BackupError) || error.code !== "DAMAGED") throw error;
    });
    if (dataKey === undefined) continue;
    const { commitment } = containerKeys(dataKey, header.salt, header.bytes);
    if (timingSafeEqual(commitment, header.commitment)) return dataKey;
  }
  return undefined;
}

async function openStanzas(
  stanzas: readonly Stanza[],
  header: ContainerHeader,
  holders: readonly KeyHolder[],
): Promise<Buffer | undefined> {
  for (const holder of holders) {
    for (const stanza of stanzas) {
      const dataKey = await holder.open(stanza, header);
      if (dataKey !== undefined) return dataKey;
    }
  }
  return undefined;
}

function refuseKeys(holders: readonly KeyHolder[]): never {
  throw new BackupError({
    code: "KEY",
    message:
      holders.length === 0 ? "the file is encrypted, and no key was given" : "no key that was given opens the file",
    hint: "give the key that it was encrypted for: --key-file, --key-env or a passphrase",
  });
}
