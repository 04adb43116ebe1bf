import { createHash } from "node:crypto";
import { ENCRYPTED_MAGIC, isEncryptedFile } from "../../core/encrypted-file.ts";
import type { ContainerContext } from "../../ports/encryption.ts";
import { damagedContainer, unknownContainer } from "./container-error.ts";
import {
  At,
  BOUND_LENGTH,
  FIXED_LENGTH,
  KEY_LENGTH,
  MAC_LENGTH,
  MAX_FRAME_SIZE,
  MAX_KEY_BLOCK,
  MIN_FRAME_SIZE,
  SUITE,
  VERSION,
} from "./container-layout.ts";
import { type ContainerKeys, headerMac } from "./derive-keys.ts";
import { decodeKeyBlock, encodeKeyBlock, type Stanza } from "./stanza.ts";

/** What the first 96 bytes of a file say, on which all of its keys hang. */
export interface BoundHeader {
  /** Plain bytes in each frame but the last. */
  readonly frameSize: number;
  /** 16 random bytes. */
  readonly fileId: Buffer;
  /** 32 random bytes. */
  readonly salt: Buffer;
  /** Those 96 bytes. */
  readonly bytes: Buffer;
}

/** The whole header as it was read; nothing of it is proved yet. */
export interface ContainerHeader extends BoundHeader {
  readonly contextHash: Buffer;
  readonly commitment: Buffer;
  readonly stanzas: readonly Stanza[];
  readonly mac: Buffer;
  /** What the MAC is of: all before it. */
  readonly macked: Buffer;
}

/** SHA-256 of the backup's id, 0, the artifact's name, 0. */
export function contextHash({ backupId, artifact }: ContainerContext): Buffer {
  return createHash("sha256").update(`${backupId}\0${artifact}\0`, "utf8").digest();
}

export interface NewHeader {
  readonly frameSize: number;
  readonly fileId: Buffer;
  readonly salt: Buffer;
  readonly context: ContainerContext;
}

export function boundHeader({ frameSize, fileId, salt, context }: NewHeader): BoundHeader {
  const bytes = Buffer.alloc(BOUND_LENGTH);
  ENCRYPTED_MAGIC.copy(bytes);
  bytes[At.version] = VERSION;
  bytes[At.suite] = SUITE;
  bytes.writeUInt32BE(frameSize, At.frameSize);
  fileId.copy(bytes, At.fileId);
  salt.copy(bytes, At.salt);
  contextHash(context).copy(bytes, At.contextHash);
  return { frameSize, fileId, salt, bytes };
}

/** The header as it is stored. */
export function encodeHeader(bound: BoundHeader, stanzas: readonly Stanza[], keys: ContainerKeys): Buffer {
  const block = encodeKeyBlock(stanzas);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(block.length);
  const macked = Buffer.concat([bound.bytes, keys.commitment, length, block]);
  return Buffer.concat([macked, headerMac(keys, macked)]);
}

/**
 * How long the header is, from its first 132 bytes.
 * @throws BackupError UNSUPPORTED_FORMAT, DAMAGED (also when it does not begin as encrypted files do)
 */
export function headerLength(first: Buffer): number {
  checkBound(first);
  if (first.length < At.keyBlock) throw damagedContainer("is cut off in its header");
  const length = first.readUInt32BE(At.keyBlockLength);
  if (length > MAX_KEY_BLOCK) throw damagedContainer("has a damaged header: its key block is too long");
  return FIXED_LENGTH + length;
}

/**
 * @param bytes exactly the header
 * @throws BackupError UNSUPPORTED_FORMAT, DAMAGED
 */
export function decodeHeader(bytes: Buffer): ContainerHeader {
  if (headerLength(bytes) !== bytes.length) throw damagedContainer("is cut off in its header");
  const macked = bytes.subarray(0, bytes.length - MAC_LENGTH);
  return {
    frameSize: bytes.readUInt32BE(At.frameSize),
    fileId: bytes.subarray(At.fileId, At.salt),
    salt: bytes.subarray(At.salt, At.contextHash),
    bytes: bytes.subarray(0, BOUND_LENGTH),
    contextHash: bytes.subarray(At.contextHash, At.commitment),
    commitment: bytes.subarray(At.commitment, At.commitment + KEY_LENGTH),
    stanzas: decodeKeyBlock(macked.subarray(At.keyBlock)),
    mac: bytes.subarray(macked.length),
    macked,
  };
}

/** In the order in which readers must look: nothing that follows is believed before. */
function checkBound(first: Buffer): void {
  if (!isEncryptedFile(first)) throw damagedContainer("does not begin as encrypted files do");
  if (first.length < BOUND_LENGTH) throw damagedContainer("is cut off in its header");
  if (first[At.version] !== VERSION) throw unknownContainer(`has version ${first[At.version]} of the format`);
  if (first[At.suite] !== SUITE) throw unknownContainer(`uses suite ${first[At.suite]}`);
  if (first.readUInt16BE(At.flags) !== 0) throw unknownContainer("has flags that are not known");
  const size = first.readUInt32BE(At.frameSize);
  if (size < MIN_FRAME_SIZE || size > MAX_FRAME_SIZE || (size & (size - 1)) !== 0) {
    throw damagedContainer("has a damaged header: frames cannot have its size");
  }
}
