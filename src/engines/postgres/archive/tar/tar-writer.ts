import type { ByteSink } from "../../../../ports/byte-sink.ts";
import type { Spool } from "../../../../ports/spool.ts";
import { restoreScriptFile, tableDataFile } from "../archive-files.ts";
import type { ArchiveOptions } from "../archive-options.ts";
import type { ArchiveWriter } from "../archive-writer.ts";
import { type ArchiveFile, FilesArchiveWriter } from "../files-archive-writer.ts";
import { StagedOutput } from "../staged-output.ts";
import { writeRestoreScript } from "./restore-script.ts";
import { encodeTarHeader, tarBlockBytes, tarPadding } from "./tar-header.ts";

export interface TarArchiveOptions extends ArchiveOptions {
  readonly sink: ByteSink;
  /** Where a member waits until its size is known: the header says it first. */
  readonly spool: Spool;
  /** Time of modification of all members. */
  readonly modified: Date;
  /** The server knows `transaction_timeout` (17 and newer). */
  readonly transactionTimeout: boolean;
}

/** Writes an archive in pg_dump's tar format, front to back, without ever seeking. */
export function openTarWriter(options: TarArchiveOptions): Promise<ArchiveWriter> {
  const tar = new TarOutput(options);
  return FilesArchiveWriter.open({
    ...options,
    createFile: async (name) => tar.create(name),
    largeObjectsName: tableDataFile,
    finish: async (largeObjects) => {
      await writeRestoreScript({ ...options, file: tar.create(restoreScriptFile), largeObjects });
      await tar.end();
    },
  });
}

/** Members one after the other. */
class TarOutput {
  readonly #output: StagedOutput;
  readonly #spool: Spool;
  /** Seconds since 1970. */
  readonly #modified: number;

  constructor({ sink, spool, modified }: TarArchiveOptions) {
    this.#output = new StagedOutput(sink);
    this.#spool = spool;
    this.#modified = Math.floor(modified.getTime() / 1000);
  }

  create(name: string): ArchiveFile {
    return {
      write: (bytes) => this.#spool.write(bytes),
      end: async () => {
        const { size } = this.#spool;
        await this.#output.write(encodeTarHeader({ name, size }, this.#modified));
        for await (const piece of this.#spool.drain()) await this.#output.write(piece);
        await this.#output.write(Buffer.alloc(tarPadding(size)));
      },
    };
  }

  /** Two empty blocks. */
  async end(): Promise<void> {
    await this.#output.write(Buffer.alloc(2 * tarBlockBytes));
    await this.#output.flush();
  }
}
