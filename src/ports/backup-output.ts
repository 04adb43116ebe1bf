import type { ByteSink } from "./byte-sink.ts";
import type { OpenSpool } from "./spool.ts";
import type { Storage } from "./storage.ts";

/** Where a backup outside a repository goes. */
export type BackupOutput =
  /** A file or folder that is not there yet: committed whole, with its metadata beside it. */
  | { readonly kind: "file"; readonly storage: Storage; readonly key: string }
  /** Standard output, a device or a pipe: bytes as they come, without metadata. */
  | { readonly kind: "stream"; readonly sink: ByteSink; readonly openSpool: OpenSpool; close(): Promise<void> };

/**
 * @param path of a file or folder, or `-` for standard output
 * @param kind `folder`: an empty folder may be there already, and a stream is refused
 * @throws BackupError EXISTS, NOT_FOUND (of its folder), USAGE, IO
 */
export type OpenOutput = (path: string, kind: "file" | "folder") => Promise<BackupOutput>;
