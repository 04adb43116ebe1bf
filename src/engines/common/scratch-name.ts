import { randomBytes } from "node:crypto";

/** Begins the names of our scratch databases; 16 hexadecimal digits follow. */
export const scratchPrefix = "dbbackup_verify_";

const ourName = /^dbbackup_verify_[0-9a-f]{16}$/;

/** Whether it is the name of a scratch database. Those of other programs have other names. */
export function isScratchName(name: string): boolean {
  return ourName.test(name);
}

/** A name that no database has. */
export const newScratchName = (): string => `${scratchPrefix}${randomBytes(8).toString("hex")}`;
