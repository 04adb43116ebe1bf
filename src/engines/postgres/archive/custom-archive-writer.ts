import type { ByteSink } from "../../../ports/byte-sink.ts";
import { blockType, copyDataEnd } from "./archive-header.ts";
import type { ArchiveOptions } from "./archive-options.ts";
import type { ArchiveWriter, DataWriter, LargeObjectsWriter } from "./archive-writer.ts";
import { type CustomContents, listedContents } from "./custom-contents.ts";
import { encodeHeader } from "./encode-archive.ts";
import { StagedOutput } from "./staged-output.ts";

export interface CustomArchiveOptions extends Omit<ArchiveOptions, "entries" | "lateDefinitions"> {
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

  private constructor({ codec, header, recycle, sink }: CustomArchiveOptions, contents: CustomContents) {
    this.#options = { codec, header, ...(recycle === undefined ? {} : { recycle }) };
    this.#output = new StagedOutput(sink);
    this.#hasCopy = contents.withCopy;
    this.dataOrder = contents.dataOrder;
  }

  /** Writes header and table of contents. */
  static open(options: CustomArchiveOptions & ArchiveOptions): Promise<CustomArchiveWriter> {
    return CustomArchiveWriter.openWith(options, listedContents(options));
  }

  /** The same with a table of contents that is there already. */
  static async openWith(options: CustomArchiveOptions, contents: CustomContents): Promise<CustomArchiveWriter> {
    const writer = new CustomArchiveWriter(options, contents);
    encodeHeader(writer.#output.builder, options.header, "positions");
    await contents.write(writer.#output);
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
