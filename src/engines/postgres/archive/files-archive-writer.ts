import type { ByteSink } from "../../../ports/byte-sink.ts";
import type { FileContents } from "../../../ports/dump.ts";
import { largeObjectFile, largeObjectLine, largeObjectList, tableDataFile, tocFile } from "./archive-files.ts";
import { copyDataEnd } from "./archive-header.ts";
import type { ArchiveOptions } from "./archive-options.ts";
import type { ArchiveWriter, DataWriter, LargeObjectsWriter } from "./archive-writer.ts";
import { encodeEntry, encodeHeader } from "./encode-archive.ts";
import { suffixOf } from "./folder-file.ts";
import { entryCompleter } from "./late-definitions.ts";
import { StagedOutput } from "./staged-output.ts";
import type { TocEntry } from "./toc-entry.ts";

/** A file of an archive in the making. */
export interface ArchiveFile extends ByteSink {
  end(contents?: FileContents): Promise<unknown>;
}

export interface FilesArchiveOptions extends ArchiveOptions {
  /** Begins a file; the one before was ended. */
  readonly createFile: (name: string) => Promise<ArchiveFile>;
  /** Files that are there already, whole, when a dump is resumed. */
  readonly kept?: ReadonlyMap<string, FileContents>;
  /** What a BLOBS entry calls the file with its data: the list of its large objects, or what pg_dump writes into tars. */
  readonly largeObjectsName: (dumpId: number) => string;
  /** Writes what comes behind all data. @param largeObjects OIDs by the dump id of their BLOBS entry */
  readonly finish: (largeObjects: ReadonlyMap<number, readonly number[]>) => Promise<void>;
}

/** Of files that hold no rows. */
const noContents: FileContents = { rows: 0, bytes: 0 };

/**
 * Writes an archive whose table of contents, tables and large objects are files of their own: a directory, or the members
 * of a tar.
 */
export class FilesArchiveWriter implements ArchiveWriter {
  readonly dataOrder: readonly number[];
  readonly #options: FilesArchiveOptions;
  readonly #copyEnd = Buffer.from(copyDataEnd, "latin1");
  readonly #largeObjects = new Map<number, number[]>();
  /** Entries whose rows are COPY text, which has an end of its own; others are statements. */
  readonly #hasCopy: ReadonlySet<number>;
  #done = 0;
  #open = false;

  private constructor(options: FilesArchiveOptions) {
    this.#options = options;
    this.#hasCopy = new Set(options.entries.filter(({ copy }) => copy !== null).map(({ dumpId }) => dumpId));
    const lacking = options.entries.filter((entry) => entry.hadDumper && !this.#isKept(entry));
    this.dataOrder = lacking.map((entry) => entry.dumpId);
  }

  /** Writes the table of contents. */
  static async open(options: FilesArchiveOptions): Promise<FilesArchiveWriter> {
    const writer = new FilesArchiveWriter(options);
    await writer.#writeContents();
    return writer;
  }

  async openTableData(dumpId: number): Promise<DataWriter> {
    this.#begin(dumpId);
    const stream = await this.#openStream(tableDataFile(dumpId));
    return {
      write: stream.write,
      end: async (contents) => {
        if (this.#hasCopy.has(dumpId)) await stream.write(this.#copyEnd);
        await stream.end(contents);
        this.#end();
      },
    };
  }

  async openLargeObjects(dumpId: number): Promise<LargeObjectsWriter> {
    this.#begin(dumpId);
    const oids: number[] = [];
    this.#largeObjects.set(dumpId, oids);
    return {
      keep: (oid) => {
        const contents = this.#keptFile(largeObjectFile(oid));
        if (contents !== undefined) oids.push(oid);
        return contents;
      },
      openObject: async (oid) => {
        oids.push(oid);
        return await this.#openStream(largeObjectFile(oid));
      },
      end: async () => {
        // Those that were kept came first.
        oids.sort((a, b) => a - b);
        await this.#writeText(largeObjectList(dumpId, this.#options.header.minor), oids.map(largeObjectLine));
        this.#end();
      },
    };
  }

  async finish(): Promise<void> {
    if (this.#open || this.#done !== this.dataOrder.length) throw new Error("an entry's data is missing");
    await this.#options.finish(this.#largeObjects);
  }

  async #writeContents(): Promise<void> {
    const { createFile, header, entries, lateDefinitions, kept } = this.#options;
    if (kept?.has(tocFile) === true) return;
    const file = await createFile(tocFile);
    const output = new StagedOutput(file);
    encodeHeader(output.builder, header, "files");
    output.builder.int(entries.length);
    const complete = entryCompleter(entries, lateDefinitions);
    for (const entry of entries) {
      encodeEntry(output.builder, await complete(entry), header.minor);
      output.builder.string(this.#fileOf(entry));
      await output.settle();
    }
    await output.flush();
    await file.end(noContents);
  }

  /** The rows of the entry are there; of a list of large objects each file must be looked for. */
  #isKept({ dumpId, desc }: TocEntry): boolean {
    return desc !== "BLOBS" && this.#keptFile(tableDataFile(dumpId)) !== undefined;
  }

  #keptFile(name: string): FileContents | undefined {
    return this.#options.kept?.get(name + suffixOf(this.#options.header.compression.method));
  }

  #fileOf({ dumpId, desc, hadDumper }: TocEntry): string {
    if (!hadDumper) return "";
    return desc === "BLOBS" ? this.#options.largeObjectsName(dumpId) : tableDataFile(dumpId);
  }

  /** A file that is one compressed stream. */
  async #openStream(name: string): Promise<DataWriter> {
    const { codec, header, recycle, createFile } = this.#options;
    const file = await createFile(name + suffixOf(header.compression.method));
    const stream = codec.open({
      compression: header.compression,
      container: "gzip",
      // Our own line is not from the caller's pool.
      recycle: (block) => {
        if (block !== this.#copyEnd) recycle?.(block);
      },
      output: (piece) => file.write(piece),
    });
    return {
      write: (block) => stream.write(block),
      end: async (contents) => {
        await stream.end();
        await file.end(contents);
      },
    };
  }

  async #writeText(name: string, lines: readonly string[]): Promise<void> {
    if (this.#options.kept?.has(name) === true) return;
    const file = await this.#options.createFile(name);
    const output = new StagedOutput(file);
    for (const line of lines) {
      output.builder.latin1(line);
      await output.settle();
    }
    await output.flush();
    await file.end(noContents);
  }

  #begin(dumpId: number): void {
    if (this.#open) throw new Error("the data of the entry before is not ended");
    if (this.dataOrder[this.#done] !== dumpId) throw new Error(`data of entry ${dumpId} is out of order`);
    this.#open = true;
  }

  #end(): void {
    this.#open = false;
    this.#done += 1;
  }
}
