/**
 * The layout of an encrypted file, `DBBKENC1`: docs/FORMAT.md, chapter "Encrypted files". All integers are big-endian.
 */
export const VERSION = 1;
/** AES-256-GCM, HKDF-SHA-256, key commitment: the only one. */
export const SUITE = 1;

/** Where the parts of the header begin. */
export const At = {
  version: 8,
  suite: 9,
  flags: 10,
  frameSize: 12,
  fileId: 16,
  salt: 32,
  contextHash: 64,
  commitment: 96,
  keyBlockLength: 128,
  keyBlock: 132,
} as const;

/** Bytes that all keys of the file hang on: everything before the commitment. */
export const BOUND_LENGTH = At.commitment;
/** A header without its key block. */
export const FIXED_LENGTH = 164;
export const MAC_LENGTH = 32;
export const KEY_LENGTH = 32;
export const TAG_LENGTH = 16;
export const MAX_KEY_BLOCK = 65_536;
export const MAX_STANZAS = 32;
export const MIN_FRAME_SIZE = 4096;
export const MAX_FRAME_SIZE = 4 * 1024 * 1024;
/** What is written. */
export const FRAME_SIZE = 256 * 1024;
/** Of one file: 64 TiB with the frames that are written. */
export const MAX_FRAMES = 2 ** 28;
