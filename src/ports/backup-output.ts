import type { ByteSink } from "./byte-sink.ts";
import type { Storage } from "./storage.ts";

/** Where a backup outside a repository goes. */
export type BackupOutput =
  /** A file that is not there yet: committed whole, with its metadata beside it. */
  | { readonly kind: "file"; readonly storage: Storage; readonly key: string }
  /** Standard output, a device or a pipe: bytes as they come, without metadata. */
  | { readonly kind: "stream"; readonly sink: ByteSink; close(): Promise<void> };

/**
 * @param path of a file, or `-` for standard output
 * @throws BackupError EXISTS, NOT_FOUND (of its folder), IO
 */
export type OpenOutput = (path: string) => Promise<BackupOutput>;
