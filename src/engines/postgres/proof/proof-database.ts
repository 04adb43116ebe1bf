import type { ProgressSink } from "../../../ports/progress.ts";
import type { PromisedContents, ProofFindings, RestoredDatabase, UserCheck } from "../../../ports/restore-proof.ts";
import { PgConnection } from "../../../wire/postgres/connection.ts";
import type { ConnectionSpec } from "../../../wire/postgres/connection-spec.ts";
import { nameDecoder } from "../dump/name-decoder.ts";
import { checkEntries } from "./check-entries.ts";
import { checkForeignKeys } from "./check-foreign-keys.ts";
import { checkIndexes } from "./check-indexes.ts";
import { checkRows } from "./check-rows.ts";
import { openProofSession, type ProofSession } from "./proof-session.ts";
import { readRestoredEntries } from "./read-restored-entries.ts";
import { runCheck } from "./run-check.ts";

export interface ProofDatabaseOptions {
  readonly spec: ConnectionSpec;
  readonly promised: PromisedContents;
  /** Sessions that read beside each other. */
  readonly jobs: number;
  readonly signal: AbortSignal;
}

/** A restored PostgreSQL database on trial. */
export class ProofDatabase implements RestoredDatabase {
  readonly #options: ProofDatabaseOptions;
  readonly #sessions: ProofSession[] = [];

  private constructor(options: ProofDatabaseOptions) {
    this.#options = options;
  }

  static async open(options: ProofDatabaseOptions): Promise<ProofDatabase> {
    const database = new ProofDatabase(options);
    await database.#session(0);
    return database;
  }

  async checkObjects(): Promise<ProofFindings> {
    const { spec, promised, signal } = this.#options;
    const groupsLargeObjects = promised.contents.entries?.some(({ type }) => type === "BLOB") !== true;
    const found = await readRestoredEntries(spec, { encoding: promised.encoding, groupsLargeObjects }, signal);
    if (found === undefined) {
      const note = "the database holds objects that this program cannot dump: its objects were not compared";
      return { counts: {}, damage: [], notes: [note] };
    }
    const { connection } = await this.#session(0);
    const isSameMajor = Math.floor(connection.serverVersion / 10_000) === promised.sourceMajor;
    return checkEntries({ promised, found, isSameMajor });
  }

  async checkRows(progress: ProgressSink): Promise<ProofFindings> {
    const { promised, jobs } = this.#options;
    const sessions: ProofSession[] = [];
    for (let index = 0; index < jobs; index++) sessions.push(await this.#session(index));
    return await checkRows(sessions, promised, progress);
  }

  async checkConstraints(): Promise<ProofFindings> {
    return await checkForeignKeys((await this.#session(0)).connection, this.#decode);
  }

  async checkIndexes(): Promise<ProofFindings> {
    return await checkIndexes((await this.#session(0)).connection, this.#decode);
  }

  async runCheck(sql: string): Promise<UserCheck> {
    const { spec, signal } = this.#options;
    await using connection = await PgConnection.connect(spec, { text: "utf8", signal });
    return await runCheck(connection, sql);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sessions.map(({ connection }) => connection.close()));
  }

  get #decode() {
    return nameDecoder(this.#options.promised.encoding);
  }

  async #session(index: number): Promise<ProofSession> {
    const { spec, promised, signal } = this.#options;
    this.#sessions[index] ??= await openProofSession(spec, promised, signal);
    return this.#sessions[index];
  }
}
