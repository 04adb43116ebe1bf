import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { InsertScanner } from "../../../wire/mysql/rows/insert-scanner.ts";
import { LiteralKind } from "../../../wire/mysql/rows/literal-kind.ts";
import { ChunkFiles, type ChunkFilesOptions } from "../directory/chunk-files.ts";
import { loadedColumns } from "../directory/column-loads.ts";
import { type DirectoryChunk, type DirectoryData, dataOf } from "../directory/directory-index.ts";
import type { Relation } from "../objects/read-relations.ts";
import type { RowHistory } from "../objects/row-history.ts";
import type { EvenRanges, KeyRange } from "./plan-ranges.ts";
import { refuseCut, selectRows } from "./table-rows.ts";

export interface DirectoryTableOptions {
  readonly files: Omit<ChunkFilesOptions, "range" | "literals" | "onChunk">;
  /** A file ends behind the line with which it has so many bytes. */
  readonly chunkBytes: number;
  readonly where: string | undefined;
  /** Old versions of its rows, too. */
  readonly history: RowHistory | undefined;
  readonly onBytes: (count: number) => void;
  /** A file of its rows is written. */
  readonly onChunk: (columns: DirectoryData["columns"], chunk: DirectoryChunk) => void;
  /** All parts are written. */
  readonly onEnd: (data: DirectoryData) => void;
}

/** Some of its rows. */
export interface TablePart extends KeyRange {
  /** Rows that come one after another into the same files; absent: all of the part. */
  readonly ranges?: EvenRanges | undefined;
  /** What their JSON values are. */
  readonly json?: string | undefined;
  /** JSON columns that are written as expressions of SQL. */
  readonly literals?: readonly string[];
}

/** The rows of one table, in parts that come in any order. */
export class DirectoryTable {
  readonly #table: Relation;
  readonly #options: DirectoryTableOptions;
  readonly #parts: (readonly DirectoryChunk[])[];
  #left: number;

  constructor(table: Relation, parts: number, options: DirectoryTableOptions) {
    this.#table = table;
    this.#options = options;
    this.#parts = Array.from({ length: parts }, () => []);
    this.#left = parts;
  }

  async writePart(
    { session, scanner }: { readonly session: MysqlConnection; readonly scanner: InsertScanner },
    part: number,
    { range, condition, ranges, json, literals = [] }: TablePart,
  ): Promise<void> {
    const { files: open, chunkBytes, where, history, onBytes, onChunk, onEnd } = this.#options;
    const columns = loadedColumns(this.#table, history, literals);
    const written = columns.map(({ column }) => column);
    const files = new ChunkFiles({ ...open, range, literals, onChunk: (chunk) => onChunk(written, chunk) });
    // Where there is no column, a NULL stands for the row.
    const kinds = columns.length === 0 ? [LiteralKind.number] : columns.map(({ kind }) => kind);
    scanner.startLines(kinds, chunkBytes, files, onBytes);
    for (let at = 0; at < (ranges?.count ?? 1); at++) {
      const conditions = [condition, ranges?.condition(at), json, where];
      const select = selectRows(this.#table, columns, conditions, history !== undefined);
      const { warnings } = await session.stream(select, { packets: scanner, row: () => undefined });
      if (warnings > 0 && literals.length > 0) await refuseCut(session, this.#table);
    }
    this.#parts[part] = await files.finish(await scanner.finish());
    this.#left--;
    if (this.#left === 0) onEnd(dataOf(written, this.#parts.flat()));
  }
}
