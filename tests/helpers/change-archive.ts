import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { formatMetadata } from "../../src/core/metadata/format-metadata.ts";
import type { BackupMetadata } from "../../src/core/metadata/metadata-schema.ts";
import { readMetadata } from "../../src/core/metadata/read-metadata.ts";
import { ArchiveFileReader } from "../../src/engines/postgres/archive/archive-file-reader.ts";
import type { WritableMinor } from "../../src/engines/postgres/archive/archive-version.ts";
import { CustomArchiveWriter } from "../../src/engines/postgres/archive/custom-archive-writer.ts";
import type { TocEntry } from "../../src/engines/postgres/archive/toc-entry.ts";
import { codec } from "./codec.ts";
import { copyData } from "./copy-archive.ts";
import { memoryObject, memorySink } from "./memory-object.ts";

/** Writes a backup of one file anew after a change, and its metadata with hashes that fit: as an attacker would. */
export function repairHashes(path: string, bytes: Buffer, edit?: (metadata: BackupMetadata) => void): void {
  const metadata = readMetadata(readFileSync(`${path}.meta.json`, "utf8"), path);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const [artifact] = metadata.artifacts;
  Object.assign(artifact!, { size: bytes.length, sha256 });
  delete artifact!.plain_size;
  delete artifact!.plain_sha256;
  Object.assign(metadata, { size_bytes: bytes.length, sha256 });
  edit?.(metadata);
  writeFileSync(path, bytes);
  writeFileSync(`${path}.meta.json`, formatMetadata(metadata));
}

/** An archive in custom format without some of its entries. */
export async function withoutEntries(archive: Buffer, isLost: (entry: TocEntry) => boolean): Promise<Buffer> {
  const reader = await ArchiveFileReader.openObject(memoryObject(archive), { codec });
  const { sink, bytes } = memorySink();
  const { header } = reader;
  const writer = await CustomArchiveWriter.open({
    sink,
    codec,
    header: { ...header, minor: reader.preamble.minor as WritableMinor, compression: { method: "none", level: 0 } },
    entries: reader.entries.filter((entry) => !isLost(entry)),
    recycle: () => {},
  });
  await copyData(reader, writer);
  return bytes();
}
