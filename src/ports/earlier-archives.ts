import type { OpenedObject } from "./storage.ts";

/** One entry of a tar archive. Its name is a stranger's. */
export interface TarEntry {
  readonly name: string;
  /** `other`: a link, a device. */
  readonly kind: "file" | "folder" | "other";
  readonly size: number;
  /** Of a file, once; what is not read is passed over. */
  bytes(): AsyncIterable<Buffer>;
}

/** Reads the archives in which dbbackup 1 to 3 kept a whole server: a tar of dumps, compressed with gzip. */
export interface EarlierArchives {
  /**
   * All entries, front to back; memory stays bounded, and so does what may come out of the compressed bytes.
   * @param maxPlainBytes that may come out of it, when the user says so
   * @throws BackupError DAMAGED; FOREIGN_FILE when it is not compressed with gzip
   */
  entries(stored: AsyncIterable<Uint8Array>, size: number, maxPlainBytes?: number): AsyncIterable<TarEntry>;
  /** Plain bytes of an entry, which may be compressed itself. @throws BackupError DAMAGED */
  plain(entry: TarEntry, maxPlainBytes?: number): AsyncIterable<Uint8Array>;
  /**
   * Puts bytes into a temporary file, to be read at any place; it is encrypted with a key that nobody keeps, and has no name. Closing
   * it removes it.
   * @throws BackupError IO
   */
  spool(bytes: AsyncIterable<Uint8Array>, key: string): Promise<OpenedObject>;
}
