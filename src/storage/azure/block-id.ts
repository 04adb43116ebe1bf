import { createHash } from "node:crypto";

/**
 * Names of blocks. Blocks that are not committed belong to the name of a blob, not to an upload: what several runs send
 * lies there side by side. So a block is named for the work that sends it, for its place, and for its bytes: a request that
 * was given up, and arrives after another one with the same number, cannot put other bytes in its place. All names for a blob
 * must have one length, of 64 bytes at most before Base64: 36 of a UUID, 5 and 20, and two points.
 */
export function blockId(work: string, number: number, bytes: Uint8Array): string {
  const hash = createHash("sha256").update(bytes).digest("base64url").slice(0, 20);
  return Buffer.from(`${work}.${String(number).padStart(5, "0")}.${hash}`).toString("base64");
}

/** What the name of a block says. */
export interface NamedBlock {
  /** The work that sent it. */
  readonly work: string;
  /** From 1. */
  readonly number: number;
}

/** Undefined when it was none of ours. */
export function parseBlockId(id: string): NamedBlock | undefined {
  const parts = /^([^.]+)\.(\d{5})\.[\w-]{20}$/.exec(Buffer.from(id, "base64").toString("latin1"));
  return parts === null ? undefined : { work: parts[1]!, number: Number(parts[2]) };
}
