import { BackupError } from "../../../../core/backup-error.ts";
import type { Codec } from "../../../../ports/codec.ts";
import type {
  BackupCompareRequest,
  ComparisonLimits,
  OpenedData,
  RowDifference,
} from "../../../../ports/comparison.ts";
import { CopyOutPieces } from "../../../../wire/postgres/collect-copy-out.ts";
import type { ComparisonSession } from "../comparison-session.ts";
import type { CopiedTable } from "../copied-tables.ts";
import { type ArchiveRows, openArchiveRows } from "./archive-rows.ts";
import type { Definitions } from "./definitions.ts";
import { findRows, type ReadRows } from "./find-rows.ts";

const noRows = "which rows differ is told of archives only, not of scripts";

/** What a backup holds: its definitions, and which rows of a table are not those of it. Opened when first asked. */
export class BackupSamples implements AsyncDisposable {
  readonly notes: string[] = [];
  readonly #session: ComparisonSession;
  readonly #limits: ComparisonLimits;
  readonly #openData: BackupCompareRequest["openData"];
  readonly #codec: Codec;
  #opened: Promise<ArchiveRows | undefined> | undefined;
  #data: OpenedData | undefined;

  constructor(
    session: ComparisonSession,
    limits: ComparisonLimits,
    openData: BackupCompareRequest["openData"],
    codec: Codec,
  ) {
    this.#session = session;
    this.#limits = limits;
    this.#openData = openData;
    this.#codec = codec;
  }

  /**
   * @param key schema and name, joined by a NUL character
   * @param recorded rows that the metadata of the backup tells of
   */
  async of(key: string, table: CopiedTable, recorded: number): Promise<readonly RowDifference[]> {
    if (this.#limits.sampleRows === 0) return [];
    const found = await this.#reading("which rows differ", async (archive) => {
      if (archive === undefined) this.#note(noRows);
      return archive === undefined ? [] : await this.#find(key, table, recorded, archive);
    });
    return found ?? [];
  }

  /** Undefined for scripts, and when they cannot be read. */
  definitions(): Promise<Definitions | undefined> {
    return this.#reading("the schema", async (archive) => archive?.definitions);
  }

  /** What else differs is known though the backup cannot be read. */
  async #reading<T>(what: string, read: (archive: ArchiveRows | undefined) => Promise<T>): Promise<T | undefined> {
    if (this.#openData === undefined) return undefined;
    try {
      this.#opened ??= this.#open(this.#openData);
      return await read(await this.#opened);
    } catch (error) {
      if (!(error instanceof BackupError) || !unreadable.has(error.code)) throw error;
      this.#note(`${what} could not be read from the backup: ${error.message}`);
      return undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#data?.close();
  }

  async #open(openData: NonNullable<BackupCompareRequest["openData"]>): Promise<ArchiveRows | undefined> {
    this.#data = await openData();
    const { input, maxPlainBytes } = this.#data;
    const limit = maxPlainBytes === undefined ? {} : { maxPlainBytes };
    return await openArchiveRows(input, { codec: this.#codec, ...limit });
  }

  async #find(
    key: string,
    table: CopiedTable,
    recorded: number,
    archive: ArchiveRows,
  ): Promise<readonly RowDifference[]> {
    const archived = await archive.table(key);
    if (archived === undefined) {
      this.#note(`${table.object}: its rows are not in the backup as rows of COPY, and cannot be told`);
      return [];
    }
    // Names from the backup are compared, never sent.
    const sql = archived.columns.map((name) => table.columns.get(name));
    if (sql.length !== table.columns.size || sql.includes(undefined)) {
      this.#note(`${table.object}: its columns are not those of the backup`);
      return [];
    }
    const rowKey = table.keys.find((one) => one.every((name) => archived.columns.includes(name)));
    const found = await findRows({
      left: this.#live(`copy (select ${sql.join(", ")} from ${table.from}) to stdout`),
      right: archived.read,
      columns: archived.columns.map((name) => ({ name: archive.decode(name), isKey: rowKey?.includes(name) ?? true })),
      hasKey: rowKey !== undefined,
      decode: archive.decode,
      limit: this.#limits.sampleRows,
      showValues: this.#limits.showValues === true,
    });
    if (found.counted[1] !== recorded) {
      this.#note(
        `${table.object}: the backup holds ${found.counted[1]} rows, and its metadata tells of ${recorded}: verify it`,
      );
    }
    return found.rows;
  }

  /** Each time in the same snapshot; its lock is given back. */
  #live(copy: string): ReadRows {
    const { connection } = this.#session;
    return async (take) => {
      await connection.query("savepoint reading");
      await connection.copyOut(copy, new CopyOutPieces((piece) => take(piece)));
      await connection.query("rollback to savepoint reading; release savepoint reading");
    };
  }

  #note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }
}

const unreadable: ReadonlySet<string> = new Set(["DAMAGED", "NOT_FOUND", "IO", "FOREIGN_FILE", "UNSUPPORTED_FORMAT"]);
