import { damagedContainer } from "./container-error.ts";
import type { BoundHeader } from "./container-header.ts";
import type { Stanza } from "./stanza.ts";

/** Somebody who can read what is encrypted. */
export interface Recipient {
  /** The data key of a file for this recipient. */
  stanza(dataKey: Buffer, header: BoundHeader): Promise<Stanza>;
}

/** Something that opens what was encrypted for it. */
export interface KeyHolder {
  /**
   * @returns the data key; undefined when the stanza is not for this holder.
   * @throws BackupError DAMAGED when it says that it is for this holder and is not, or has values that no writer writes
   */
  open(stanza: Stanza, header: BoundHeader): Promise<Buffer | undefined>;
}

/** A stanza with the holder's own id that its key does not open. */
export function changedFor({ keyId }: Stanza): never {
  throw damagedContainer(`was changed: the key "${keyId.toString("hex")}", which it names, does not open it`);
}
