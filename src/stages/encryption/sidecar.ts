import { createHmac, timingSafeEqual } from "node:crypto";
import type { KeyFileBytes } from "../../ports/encryption.ts";
import { damagedKeyFile } from "./container-error.ts";
import type { BoundHeader, ContainerHeader } from "./container-header.ts";
import { KEY_LENGTH, MAC_LENGTH, MAX_KEY_BLOCK } from "./container-layout.ts";
import { derive } from "./derive-keys.ts";
import { decodeKeyBlock, encodeKeyBlock, type Stanza } from "./stanza.ts";

/**
 * The layout of a key file, `DBBKKEY1`: docs/FORMAT.md, chapter "Key files". It gives the data key of one encrypted file to
 * other recipients than its header does.
 */
const MAGIC = Buffer.from("DBBKKEY1", "latin1");
const VERSION = 1;
const At = { version: 8, fileId: 9, commitment: 25, epoch: 57, keyBlockLength: 65, keyBlock: 69 } as const;
const FIXED_LENGTH = At.keyBlock + MAC_LENGTH;

/** A key file as it was read; nothing of it is proved yet. */
export interface Sidecar {
  readonly name: string;
  /** 1 for the first change of keys, and one more with each. */
  readonly epoch: bigint;
  readonly stanzas: readonly Stanza[];
  readonly macked: Buffer;
  readonly mac: Buffer;
}

/** @throws RangeError for too many recipients */
export function encodeSidecar(
  { bytes, salt, fileId, commitment }: BoundHeader & Pick<ContainerHeader, "commitment">,
  dataKey: Buffer,
  epoch: bigint,
  stanzas: readonly Stanza[],
): Buffer {
  const block = encodeKeyBlock(stanzas);
  const head = Buffer.alloc(At.keyBlock);
  MAGIC.copy(head);
  head[At.version] = VERSION;
  fileId.copy(head, At.fileId);
  commitment.copy(head, At.commitment);
  head.writeBigUInt64BE(epoch, At.epoch);
  head.writeUInt32BE(block.length, At.keyBlockLength);
  const macked = Buffer.concat([head, block]);
  return Buffer.concat([macked, sidecarMac(dataKey, salt, bytes, macked)]);
}

/**
 * @param header of the file that it lies beside
 * @throws BackupError DAMAGED when it is none, or belongs to another file
 */
export function decodeSidecar({ name, bytes }: KeyFileBytes, header: ContainerHeader): Sidecar {
  if (bytes.length < FIXED_LENGTH || !MAGIC.equals(bytes.subarray(0, MAGIC.length))) {
    throw damagedKeyFile(name, "is cut off, or no key file");
  }
  if (bytes[At.version] !== VERSION) throw damagedKeyFile(name, `has version ${bytes[At.version]} of the format`);
  const length = bytes.readUInt32BE(At.keyBlockLength);
  if (length > MAX_KEY_BLOCK || length !== bytes.length - FIXED_LENGTH) {
    throw damagedKeyFile(name, "is not as long as it says");
  }
  const isOfFile =
    header.fileId.equals(bytes.subarray(At.fileId, At.commitment)) &&
    header.commitment.equals(bytes.subarray(At.commitment, At.commitment + KEY_LENGTH));
  if (!isOfFile) throw damagedKeyFile(name, "belongs to another file");
  const macked = bytes.subarray(0, bytes.length - MAC_LENGTH);
  return {
    name,
    epoch: bytes.readBigUInt64BE(At.epoch),
    stanzas: decodeKeyBlock(macked.subarray(At.keyBlock), (what) => damagedKeyFile(name, what)),
    macked,
    mac: bytes.subarray(macked.length),
  };
}

/** Whether it was written by somebody who has the data key. */
export function isGenuine({ macked, mac }: Sidecar, dataKey: Buffer, { salt, bytes }: BoundHeader): boolean {
  return timingSafeEqual(sidecarMac(dataKey, salt, bytes, macked), mac);
}

function sidecarMac(dataKey: Buffer, salt: Buffer, bound: Buffer, macked: Buffer): Buffer {
  return createHmac("sha256", derive(dataKey, salt, "sidecar", bound))
    .update(macked)
    .digest();
}
