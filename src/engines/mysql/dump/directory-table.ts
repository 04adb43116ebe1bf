import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { InsertScanner } from "../../../wire/mysql/rows/insert-scanner.ts";
import { LiteralKind } from "../../../wire/mysql/rows/literal-kind.ts";
import { ChunkFiles, type ChunkFilesOptions } from "../directory/chunk-files.ts";
import { type LoadedColumn, loadedColumn } from "../directory/column-loads.ts";
import { type DirectoryChunk, type DirectoryData, dataOf } from "../directory/directory-index.ts";
import type { Relation } from "../objects/read-relations.ts";
import type { EvenRanges, KeyRange } from "./plan-ranges.ts";
import { selectRows } from "./table-rows.ts";

export interface DirectoryTableOptions {
  readonly files: Omit<ChunkFilesOptions, "range">;
  /** A file ends behind the line with which it has so many bytes. */
  readonly chunkBytes: number;
  readonly where: string | undefined;
  readonly onBytes: (count: number) => void;
  /** All parts are written. */
  readonly onEnd: (data: DirectoryData) => void;
}

/** The rows of one table, in parts that come in any order. */
export class DirectoryTable {
  readonly #table: Relation;
  readonly #options: DirectoryTableOptions;
  readonly #columns: readonly LoadedColumn[];
  readonly #parts: (readonly DirectoryChunk[])[];
  #left: number;

  constructor(table: Relation, parts: number, options: DirectoryTableOptions) {
    this.#table = table;
    this.#options = options;
    this.#columns = table.columns.filter(({ isGenerated }) => !isGenerated).map(loadedColumn);
    this.#parts = Array.from({ length: parts }, () => []);
    this.#left = parts;
  }

  /** @param ranges whose rows come one after another into the same files; else all of the part */
  async writePart(
    { session, scanner }: { readonly session: MysqlConnection; readonly scanner: InsertScanner },
    part: number,
    { condition, range }: KeyRange,
    ranges?: EvenRanges,
  ): Promise<void> {
    const { files: open, chunkBytes, where, onBytes, onEnd } = this.#options;
    const files = new ChunkFiles({ ...open, range });
    // Where there is no column, a NULL stands for the row.
    const kinds = this.#columns.length === 0 ? [LiteralKind.number] : this.#columns.map(({ kind }) => kind);
    scanner.startLines(kinds, chunkBytes, files, onBytes);
    for (let at = 0; at < (ranges?.count ?? 1); at++) {
      const select = selectRows(this.#table, this.#columns, [condition, ranges?.condition(at), where], false);
      await session.stream(select, { packets: scanner, row: () => undefined });
    }
    this.#parts[part] = await files.finish(await scanner.finish());
    this.#left--;
    if (this.#left === 0) {
      const columns = this.#columns.map(({ column }) => column);
      onEnd(dataOf(columns, this.#parts.flat()));
    }
  }
}
