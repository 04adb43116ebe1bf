import { BackupError } from "../../../../core/backup-error.ts";
import type { DumpOutput, DumpRequest, ResumableProgress, SourceState } from "../../../../ports/dump.ts";
import type { PgConnection } from "../../../../wire/postgres/connection.ts";
import { capabilitiesOf } from "../../capabilities.ts";
import type { PlannedEntry } from "../../objects/object-type.ts";
import { type DumpSession, queryRows } from "../dump-session.ts";
import type { NameDecoder } from "../name-decoder.ts";
import { dataHash } from "./data-hash.ts";
import { type KeptTable, keptTables, rowsFile } from "./kept-tables.ts";
import { refuseAltered } from "./refuse-altered.ts";
import { beginAnew, type ReplayMoment, readReplay, readSourceState, refuseOtherSource } from "./source-state.ts";

/** Sees to it that what several runs of one dump read is of one moment. */
export class ResumableDump {
  readonly #progress: ResumableProgress;
  readonly #request: DumpRequest;
  readonly #before: ReplayMoment;
  #state: SourceState = {};

  private constructor(progress: ResumableProgress, request: DumpRequest, before: ReplayMoment) {
    this.#progress = progress;
    this.#request = request;
    this.#before = before;
  }

  /** To be called before the dump's transaction begins. Undefined for a dump that cannot be resumed. */
  static async open(
    connection: PgConnection,
    request: DumpRequest,
    output: DumpOutput,
  ): Promise<ResumableDump | undefined> {
    const progress = output.kind === "folder" ? output.progress : undefined;
    if (progress === undefined) return undefined;
    const rows = (sql: string) => queryRows(connection, sql);
    const before = await readReplay(rows, capabilitiesOf(connection.serverVersion));
    return new ResumableDump(progress, request, before);
  }

  /**
   * Compares with what the interrupted dump knew, or notes it for the one that may follow.
   * @param session whose snapshot is taken
   * @returns the tables whose rows are there already
   * @throws BackupError PRECHECK when both are not of one moment, or the snapshot does not have all rows any more
   */
  async begin(
    session: DumpSession,
    entries: readonly PlannedEntry[],
    decodeName: NameDecoder,
  ): Promise<readonly KeptTable[]> {
    const { source, files } = this.#progress;
    this.#state = { ...(await this.#read(session)), data: dataHash(entries) };
    if (source !== undefined) refuseOtherSource(source, this.#state);
    const { method } = this.#request.compression;
    const lacking = entries.filter((entry) => entry.data?.kind === "copy" && !files.has(rowsFile(entry, method)));
    const oids = lacking.map(({ catalog }) => catalog.oid);
    await refuseAltered(session.rows, oids, decodeName);
    await this.#progress.begin(this.#state);
    return keptTables(entries, files, method, decodeName);
  }

  /**
   * To be called when all is read: whether the moment is still the same.
   * @throws BackupError PRECHECK
   */
  async confirm(session: DumpSession): Promise<void> {
    // A new dump has read all in its own snapshot.
    if (this.#progress.source === undefined) return;
    const { data = "" } = this.#state;
    refuseOtherSource(this.#state, { ...(await this.#read(session)), data });
  }

  async #read({ rows, capabilities }: DumpSession): Promise<SourceState> {
    try {
      return await readSourceState(rows, capabilities, this.#request.session?.snapshot, this.#before);
    } catch (error) {
      const isTooLate =
        this.#progress.source !== undefined && error instanceof BackupError && error.code === "PRECHECK";
      throw isTooLate ? error.withHint(beginAnew) : error;
    }
  }
}
