import { largeObjectList } from "./archive-files.ts";
import type { ArchiveOptions } from "./archive-options.ts";
import type { ArchiveWriter } from "./archive-writer.ts";
import { type FilesArchiveOptions, FilesArchiveWriter } from "./files-archive-writer.ts";

export interface DirectoryArchiveOptions extends ArchiveOptions, Pick<FilesArchiveOptions, "createFile" | "kept"> {}

/** Writes an archive in pg_dump's directory format. */
export function openDirectoryArchive(options: DirectoryArchiveOptions): Promise<ArchiveWriter> {
  return FilesArchiveWriter.open({
    ...options,
    largeObjectsName: (dumpId) => largeObjectList(dumpId, options.header.minor),
    finish: async () => undefined,
  });
}
