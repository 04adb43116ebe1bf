import type { Compression } from "../../../core/compression.ts";
import type { RowTotals } from "../../../core/row-totals.ts";
import type { Codec, CompressStream } from "../../../ports/codec.ts";
import type { DumpedFile, FolderOutput } from "../../../ports/dump.ts";
import type { LinesReceiver } from "../../../wire/mysql/rows/insert-scanner.ts";
import type { DirectoryChunk } from "./directory-index.ts";

export interface ChunkFilesOptions {
  readonly output: FolderOutput;
  readonly codec: Codec;
  readonly compression: Compression;
  /** Name of the next file. */
  readonly nextName: () => string;
  /** What is said of each chunk besides its contents. */
  readonly range: DirectoryChunk["range"];
  readonly literals: readonly string[];
  /** A file is written. */
  readonly onChunk: (chunk: DirectoryChunk) => void;
}

interface OpenChunk {
  readonly name: string;
  readonly file: DumpedFile;
  readonly stream: CompressStream;
}

/**
 * Writes the lines of a table, or of a part of one, into one file after another. A file begins with its first line: where
 * there are no rows, there is none.
 */
export class ChunkFiles implements LinesReceiver {
  readonly #options: ChunkFilesOptions;
  readonly #chunks: DirectoryChunk[] = [];
  /** Who waits for the memory of a block. */
  readonly #waiting = new Map<Buffer, () => void>();
  #open: OpenChunk | undefined;
  /** Steps are done in the order in which they were asked for; after a failure no more are. */
  #last: Promise<void> = Promise.resolve();

  constructor(options: ChunkFilesOptions) {
    this.#options = options;
  }

  write(block: Buffer): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.set(block, resolve);
    this.#then(async () => {
      this.#open ??= await this.#begin();
      await this.#open.stream.write(block);
    }).catch(reject);
    return promise;
  }

  cut(totals: RowTotals): void {
    // Whoever ends it learns of the failure.
    this.#then(() => this.#end(totals)).catch(() => {});
  }

  /** Ends the last file. @param totals of its rows; none: there is no such file */
  async finish(totals: RowTotals): Promise<readonly DirectoryChunk[]> {
    if (totals.rows > 0) await this.#then(() => this.#end(totals));
    await this.#last;
    return this.#chunks;
  }

  #then(step: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(step);
    return this.#last;
  }

  async #begin(): Promise<OpenChunk> {
    const { output, codec, compression, nextName } = this.#options;
    const name = nextName();
    const file = await output.createFile(name);
    const stream = codec.open({
      compression,
      container: "gzip",
      output: (piece) => file.write(piece),
      recycle: (block) => {
        this.#waiting.get(block)?.();
        this.#waiting.delete(block);
      },
    });
    return { name, file, stream };
  }

  async #end({ rows, bytes, checksum }: RowTotals): Promise<void> {
    const { name, file, stream } = this.#open!;
    this.#open = undefined;
    await stream.end();
    const written = await file.end();
    const { range, literals, onChunk } = this.#options;
    const chunk = {
      file: name,
      rows,
      bytes,
      stored_bytes: written.bytes,
      sha256: written.sha256,
      checksum,
      ...(literals.length === 0 ? {} : { literals: [...literals] }),
      ...(range === undefined ? {} : { range }),
    };
    this.#chunks.push(chunk);
    onChunk(chunk);
  }
}
