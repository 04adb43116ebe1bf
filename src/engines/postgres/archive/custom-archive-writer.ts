import type { ByteSink } from "../../../ports/byte-sink.ts";
import { blockType, copyDataEnd } from "./archive-header.ts";
import type { ArchiveOptions } from "./archive-options.ts";
import type { ArchiveWriter, DataWriter, LargeObjectsWriter } from "./archive-writer.ts";
import { encodeEntry, encodeHeader } from "./encode-archive.ts";
import { entryCompleter } from "./late-definitions.ts";
import { StagedOutput } from "./staged-output.ts";

export interface CustomArchiveOptions extends ArchiveOptions {
  readonly sink: ByteSink;
}

/**
 * Writes an archive in pg_dump's custom format, front to back, without ever seeking. Offsets in the table of contents
 * therefore stay "not set", and readers find the data by walking from chunk to chunk: chunks are as large as the codec's
 * pieces (one compressed block of about 1 MiB each), so that this walk is short.
 */
export class CustomArchiveWriter implements ArchiveWriter {
  readonly dataOrder: readonly number[];
  /** Not the entries: their definitions are written first, and need not be held as long as rows are. */
  readonly #options: Pick<CustomArchiveOptions, "codec" | "header" | "recycle">;
  readonly #output: StagedOutput;
  readonly #copyEnd = Buffer.from(copyDataEnd, "latin1");
  /** Entries whose rows are COPY text, which has an end of its own; others are statements. */
  readonly #hasCopy: ReadonlySet<number>;
  #done = 0;
  #open = false;

  private constructor(options: CustomArchiveOptions) {
    const { entries, lateDefinitions: _, ...kept } = options;
    this.#options = kept;
    this.#output = new StagedOutput(options.sink);
    this.#hasCopy = new Set(entries.filter(({ copy }) => copy !== null).map(({ dumpId }) => dumpId));
    this.dataOrder = entries.filter((entry) => entry.hadDumper).map((entry) => entry.dumpId);
  }

  /** Writes header and table of contents. */
  static async open(options: CustomArchiveOptions): Promise<CustomArchiveWriter> {
    const writer = new CustomArchiveWriter(options);
    const { builder } = writer.#output;
    encodeHeader(builder, options.header, "positions");
    builder.int(options.entries.length);
    const complete = entryCompleter(options.entries, options.lateDefinitions);
    for (const entry of options.entries) {
      encodeEntry(builder, await complete(entry), options.header.minor);
      builder.unknownOffset(entry.hadDumper);
      await writer.#output.settle();
    }
    return writer;
  }

  async openTableData(dumpId: number): Promise<DataWriter> {
    this.#beginBlock(blockType.tableData, dumpId);
    const stream = this.#openStream();
    return {
      write: stream.write,
      end: async () => {
        if (this.#hasCopy.has(dumpId)) await stream.write(this.#copyEnd);
        await stream.end();
        this.#endBlock();
      },
    };
  }

  async openLargeObjects(dumpId: number): Promise<LargeObjectsWriter> {
    this.#beginBlock(blockType.largeObjects, dumpId);
    return {
      openObject: async (oid) => {
        this.#output.builder.oid(oid);
        return this.#openStream();
      },
      end: async () => {
        this.#output.builder.oid(0);
        this.#endBlock();
      },
    };
  }

  async finish(): Promise<void> {
    if (this.#open || this.#done !== this.dataOrder.length) throw new Error("an entry's data is missing");
    await this.#output.flush();
  }

  /** One compressed stream, cut into chunks as the codec gives its pieces, ended by an empty chunk. */
  #openStream(): DataWriter {
    const output = this.#output;
    const { codec, header, recycle } = this.#options;
    const stream = codec.open({
      compression: header.compression,
      container: "zlib",
      // Our own line is not from the caller's pool.
      recycle: (block) => {
        if (block !== this.#copyEnd) recycle?.(block);
      },
      output: async (piece) => {
        output.builder.int(piece.length);
        await output.write(piece);
      },
    });
    return {
      write: (block) => stream.write(block),
      end: async () => {
        await stream.end();
        output.builder.int(0);
        await output.settle();
      },
    };
  }

  #beginBlock(type: number, dumpId: number): void {
    if (this.#open) throw new Error("the data of the entry before is not ended");
    if (this.dataOrder[this.#done] !== dumpId) throw new Error(`data of entry ${dumpId} is out of order`);
    this.#open = true;
    this.#output.builder.byte(type);
    this.#output.builder.int(dumpId);
  }

  #endBlock(): void {
    this.#open = false;
    this.#done += 1;
  }
}
