import { createHash } from "node:crypto";

/**
 * Compares what was sent with the ETag of the answer. S3's is the MD5 of an object that was written at once, and of a part,
 * unless a key of KMS encrypts it; other services do not promise that. So it is learnt: a service whose ETag was once the MD5
 * of what was sent is held to it. It finds what a service does not look for that ignores the checksums it is given.
 */
export class EtagCheck {
  #areMd5 = false;

  /** Whether the answer says that other bytes arrived. @param isKmsEncrypted as the answer says */
  isOther(etag: string | undefined, bytes: Uint8Array, isKmsEncrypted: boolean): boolean {
    if (isKmsEncrypted || etag === undefined || !/^"?[0-9a-f]{32}"?$/.test(etag)) return false;
    const expected = md5(bytes);
    if (expected === undefined) return false;
    const isSame = etag.replaceAll('"', "") === expected;
    this.#areMd5 ||= isSame;
    return !isSame && this.#areMd5;
  }
}

/** Undefined where this machine's rules forbid it. */
function md5(bytes: Uint8Array): string | undefined {
  try {
    return createHash("md5").update(bytes).digest("hex");
  } catch {
    return undefined;
  }
}
