import type { Compression } from "../../../core/compression.ts";
import type { ArchiveTime } from "./archive-time.ts";
import type { ArchiveMinor } from "./archive-version.ts";

/** What stands before the table of contents. All text is binary strings. */
export interface ArchiveHeader {
  readonly minor: ArchiveMinor;
  readonly compression: Compression;
  readonly createdAt: ArchiveTime;
  readonly database: string;
  /** As the server tells it: `17.10 (Debian 17.10-1)`. */
  readonly serverVersion: string;
  /** The program that wrote the archive, in the place of pg_dump's version. */
  readonly dumperVersion: string;
}

export const archiveMagic = "PGDMP";
export const archiveFormatCode = { custom: 1, tar: 3, plain: 4, directory: 5 } as const;
/** Octets of an integer's magnitude and of an offset, as every pg_dump writes them. */
export const writtenIntegerSize = 4;
export const writtenOffsetSize = 8;
export const offsetFlag = { notSet: 1, set: 2, noData: 3 } as const;
export const blockType = { tableData: 1, largeObjects: 3 } as const;
/** Compression methods by their code in headers of 1.15 and newer. */
export const compressionCodes = ["none", "gzip", "lz4", "zstd"] as const;
/** Sections by their code minus one. */
export const sectionCodes = ["none", "pre-data", "data", "post-data"] as const;
/** What ends a table's COPY data, inside the data block and in scripts alike. */
export const copyDataEnd = "\\.\n\n\n";
