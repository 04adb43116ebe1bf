import { createHash } from "node:crypto";

/** Longest label of a database in a file name, in bytes: leaves room for suffixes under every file system's 255. */
const MAX_LABEL_BYTES = 80;
const HASH_DIGITS = 8;

/** `full` etc., as metadata has it in `backup_type`. */
export type BackupKind = "full" | "incremental" | "differential" | "sample";

/** What the backup of a server is called where that of a database has the database's name. */
export const CLUSTER_NAME = "cluster";

/** What the names of works in progress begin with, in repositories of all kinds. */
export const WORK_PREFIX = ".tmp-";

export const METADATA_SUFFIX = ".meta.json";

/** What dbbackup 1 wrote behind the name of a backup, and 2 and 3 beside their metadata. */
export const EARLIER_INFO_SUFFIX = ".info";

/** Behind the name of a backup of dbbackup 1 to 3: its SHA-256, as sha256sum writes it. */
export const EARLIER_HASH_SUFFIX = ".sha256";

/** Behind the name of a backup: what is to be removed of it, for whoever must finish. */
export const REMOVAL_SUFFIX = ".removing.json";

/** Behind the name of a backup and a time: the result of a proof that it restores. */
export const VERIFICATION_SUFFIX = ".verify.json";

/** Behind the name of a backup and a time: it is not to be removed. */
export const HOLD_SUFFIX = ".hold.json";

/** Before the name of an object that is written to try a repository out. */
export const PROBE_PREFIX = "dbbackup-preflight-";

/**
 * A database's name as part of a file name: everything outside `[A-Za-z0-9._-]`, and a leading dot or minus, becomes
 * `%XX` of its UTF-8 bytes. Two names never give the same label; nothing ever reads a name back from one.
 */
export function databaseLabel(database: string): string {
  const encoded = Array.from(Buffer.from(database, "utf8"), (byte, index) => {
    const character = String.fromCharCode(byte);
    const plain = /[A-Za-z0-9._-]/.test(character) && !(index === 0 && /[.-]/.test(character));
    return plain ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  });
  const whole = encoded.join("");
  if (whole.length <= MAX_LABEL_BYTES) return whole;
  const hash = createHash("sha256").update(database, "utf8").digest("hex").slice(0, HASH_DIGITS);
  let cut = "";
  for (const piece of encoded) {
    if (cut.length + piece.length > MAX_LABEL_BYTES - HASH_DIGITS - 1) break;
    cut += piece;
  }
  return `${cut}-${hash}`;
}

/** `20261120T233000Z` */
export function compactTime(time: Date): string {
  return `${time.toISOString().replaceAll(/[-:]/g, "").slice(0, 15)}Z`;
}

/**
 * The name of a backup without extension: `shop_full_20261120T233000Z`, and `...-2` for the second one of that second.
 * @param attempt 1 for the first
 */
export function backupBaseName(database: string, kind: BackupKind, time: Date, attempt = 1): string {
  return `${databaseLabel(database)}_${kind}_${compactTime(time)}${attempt === 1 ? "" : `-${attempt}`}`;
}
