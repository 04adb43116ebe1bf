import type { BackupFiles } from "../../../ports/backup-files.ts";
import { ArchiveContents, type DecodedContents, decodeContents } from "./archive-contents.ts";
import { archiveDamage } from "./archive-damage.ts";
import { largeObjectFile, largeObjectLine, largeObjectOf, tableDataFiles, tocFile } from "./archive-files.ts";
import { archiveLimits } from "./archive-limits.ts";
import type { ArchiveReader, BlockIndex, ReadOptions } from "./archive-reader.ts";
import {
  type DataBlock,
  openLargeObjectsBlock,
  openTableDataBlock,
  plainChunks,
  type StreamFormat,
} from "./data-block.ts";
import { findFolderFile, folderFileStream } from "./folder-file.ts";
import { StreamInput } from "./input-bytes.ts";
import type { TocEntry } from "./toc-entry.ts";

/**
 * Reads archives in pg_dump's directory format: a table of contents, and a file for each table and each large object,
 * compressed or not. Names in it are compared with those that pg_dump gives before a file is opened.
 */
export class ArchiveFolderReader extends ArchiveContents implements ArchiveReader {
  readonly format = "directory";
  readonly canReadAgain = true;
  /** Name of the file that the table of contents is in. */
  readonly contentsFile: string;
  readonly #files: BackupFiles;
  readonly #options: ReadOptions;

  private constructor(decoded: DecodedContents, contentsFile: string, files: BackupFiles, options: ReadOptions) {
    super(decoded);
    this.contentsFile = contentsFile;
    tableDataFiles(decoded);
    this.#files = files;
    this.#options = options;
  }

  /**
   * Reads the table of contents.
   * @throws BackupError FOREIGN_FILE, DAMAGED
   */
  static async open(files: BackupFiles, options: ReadOptions): Promise<ArchiveFolderReader> {
    const toc = findFolderFile(files, tocFile);
    const format: StreamFormat = { ...options, method: toc.method, container: "gzip" };
    const input = new StreamInput(plainChunks(folderFileStream(files, toc), format));
    try {
      const decoded = await decodeContents(input, "files");
      if ((await input.peek(1)).length > 0) {
        throw archiveDamage(`there is more in "${toc.name}" than the table of contents`, input.position);
      }
      return new ArchiveFolderReader(decoded, toc.name, files, options);
    } finally {
      await input.close();
    }
  }

  get storedBytes(): number {
    let sum = 0;
    for (const size of this.#files.sizes.values()) sum += size;
    return sum;
  }

  async *dataBlocks(): AsyncGenerator<DataBlock> {
    for (const { dumpId } of this.withData) yield await this.openBlock(dumpId);
  }

  /** Looks for every file, and reads the lists of large objects. */
  async checkStructure(): Promise<BlockIndex> {
    const index = new Map<number, { storedBytes: number }>();
    for (const entry of this.withData) {
      let storedBytes = findFolderFile(this.#files, this.dataFile(entry)).size;
      if (entry.desc === "BLOBS") {
        for (const oid of await this.#listedObjects(entry)) {
          storedBytes += findFolderFile(this.#files, largeObjectFile(oid)).size;
        }
      }
      index.set(entry.dumpId, { storedBytes });
    }
    return index;
  }

  async openBlock(dumpId: number): Promise<DataBlock> {
    const entry = this.entry(dumpId)!;
    if (entry.desc !== "BLOBS") return openTableDataBlock(dumpId, ...this.#open(this.dataFile(entry)));
    const listed = (await this.#listedObjects(entry)).values();
    const next = async () => {
      const oid = listed.next().value;
      if (oid === undefined) return undefined;
      const [stored, streams] = this.#open(largeObjectFile(oid));
      // pg_dump 16 to 18 write no frame at all for one that is empty.
      const format: StreamFormat = stored.storedBytes === 0 ? { ...streams, method: "none" } : streams;
      return { oid, stored, format };
    };
    return openLargeObjectsBlock(dumpId, next);
  }

  openBlockAt(dumpId: number): Promise<DataBlock> {
    return this.openBlock(dumpId);
  }

  #open(name: string): [ReturnType<typeof folderFileStream>, StreamFormat] {
    const file = findFolderFile(this.#files, name);
    return [folderFileStream(this.#files, file), { ...this.#options, method: file.method, container: "gzip" }];
  }

  /** Name of the file of an entry, without the ending of compressed ones: its data, or its list of large objects. */
  dataFile(entry: TocEntry): string {
    const name = this.fileName(entry.dumpId) ?? "";
    if (entry.desc === "BLOBS" && !/^blobs(_\d{1,10})?\.toc$/.test(name)) {
      throw archiveDamage(`entry ${entry.dumpId} names no list of large objects,`, 0);
    }
    return name;
  }

  /** OIDs of the large objects of a BLOBS entry. */
  async #listedObjects(entry: TocEntry): Promise<readonly number[]> {
    const name = this.dataFile(entry);
    const oids: number[] = [];
    let rest = "";
    for await (const chunk of plainChunks(...this.#open(name))) {
      const lines = (rest + chunk.toString("latin1")).split("\n");
      rest = lines.pop()!;
      if (rest.length > archiveLimits.largeObjectLineBytes) break;
      for (const line of lines) oids.push(listedObject(line, name));
    }
    if (rest !== "") throw archiveDamage(`"${name}" has a line that names no large object,`, 0);
    return oids;
  }
}

function listedObject(line: string, list: string): number {
  const oid = largeObjectOf(line.slice(line.indexOf(" ") + 1));
  if (oid === undefined || largeObjectLine(oid) !== `${line}\n`) {
    throw archiveDamage(`"${list}" has a line that names no large object,`, 0);
  }
  return oid;
}
