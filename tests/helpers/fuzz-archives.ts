import fc from "fast-check";
import { expect } from "vitest";
import { BackupError } from "../../src/core/backup-error.ts";
import { ArchiveFileReader } from "../../src/engines/postgres/archive/archive-file-reader.ts";
import { ArchiveFolderReader } from "../../src/engines/postgres/archive/archive-folder-reader.ts";
import type { ArchiveReader } from "../../src/engines/postgres/archive/archive-reader.ts";
import { writableMinors } from "../../src/engines/postgres/archive/archive-version.ts";
import type { DataBlock } from "../../src/engines/postgres/archive/data-block.ts";
import { tocListing } from "../../src/engines/postgres/archive/toc-listing.ts";
import { sampleArchive, writeArchive, writeFolder, writeTar } from "./archive-samples.ts";
import { codec } from "./codec.ts";
import { memoryFiles, memoryObject, memoryStream } from "./memory-object.ts";
import { changes, mutate } from "./mutate-archive.ts";

/** What a reader may say of bytes that are no whole archive. */
const REFUSALS: ReadonlySet<string> = new Set(["DAMAGED", "FOREIGN_FILE", "UNSUPPORTED_FORMAT"]);
/** Archives of a kilobyte or two: what the reader takes beyond this, it took because the archive told it to. */
const MOST_MEMORY = 256 * 1024 * 1024;
const STREAM_PIECE = 97;

/**
 * Damages small archives in `runs` ways and reads each as a file and as a stream: list, walk, data. Whatever the bytes are,
 * they are read or refused, by an error that says so; nothing hangs (the test's own time limit) and no memory is taken
 * for what an archive only claims.
 */
export async function fuzzArchives(runs: number, seed: number): Promise<void> {
  const samples = await sampleArchives();
  const before = process.memoryUsage.rss();
  let refused = 0;
  const property = fc.asyncProperty(fc.nat(samples.length - 1), changes, async (index, list) => {
    const bytes = mutate(samples[index]!, list);
    const asFile = await outcome(() => ArchiveFileReader.openObject(memoryObject(bytes), { codec }), true);
    const asStream = await outcome(
      () => ArchiveFileReader.openStream(memoryStream(bytes, STREAM_PIECE), { codec }),
      false,
    );
    if (asFile === "refused") refused++;
    // The walk over a file checks more than a stream can, never less.
    if (asStream === "refused") expect(asFile).toBe("refused");
    expect(process.memoryUsage.rss() - before).toBeLessThan(MOST_MEMORY);
  });
  await fc.assert(property, { numRuns: runs, seed });
  // Most changes must hurt, or the mutations do not reach what is read.
  expect(refused / runs).toBeGreaterThan(0.5);
}

/** The same for archives in directory format: one of the files is damaged. */
export async function fuzzFolders(runs: number, seed: number): Promise<void> {
  const { entries, data } = sampleArchive();
  const samples = [await writeFolder(entries, data, "none", 14), await writeFolder(entries, data, "gzip", 16)];
  const property = fc.asyncProperty(fc.nat(samples.length - 1), fc.nat(), changes, async (index, at, list) => {
    const files = new Map(samples[index]);
    const name = [...files.keys()][at % files.size]!;
    files.set(name, mutate(files.get(name)!, list));
    await outcome(() => ArchiveFolderReader.open(memoryFiles(files), { codec }), true);
  });
  await fc.assert(property, { numRuns: runs, seed });
}

async function sampleArchives(): Promise<Buffer[]> {
  const { entries, data } = sampleArchive();
  const made: Buffer[] = [];
  for (const minor of writableMinors) {
    for (const method of ["none", "gzip"] as const) made.push(await writeArchive(entries, data, method, minor));
  }
  for (const method of ["zstd", "lz4"] as const) made.push(await writeArchive(entries, data, method, 16));
  for (const minor of [14, 16] as const) made.push(await writeTar(entries, data, minor));
  return made;
}

async function outcome(open: () => Promise<ArchiveReader>, walk: boolean): Promise<"read" | "refused"> {
  try {
    const reader = await open();
    tocListing(reader, reader.entries, true);
    if (walk) await reader.checkStructure();
    for await (const block of reader.dataBlocks()) await drain(block);
    return "read";
  } catch (error) {
    if (error instanceof BackupError && REFUSALS.has(error.code)) return "refused";
    throw error;
  }
}

async function drain(block: DataBlock): Promise<void> {
  if (block.kind === "table-data") {
    for await (const chunk of block.chunks()) expect(chunk.length).toBeGreaterThan(0);
    return;
  }
  for await (const object of block.objects()) {
    for await (const chunk of object.chunks()) expect(chunk.length).toBeGreaterThan(0);
  }
}
