import type { ProgressSink } from "../../../ports/progress.ts";
import type { PromisedContents, ProofFindings, RestoredDatabase, UserCheck } from "../../../ports/restore-proof.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { MysqlConnectionSpec } from "../../../wire/mysql/connection-spec.ts";
import { identifyMysql, type MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import { openMysqlSession } from "../../../wire/mysql/open-session.ts";
import { setUpDumpSession } from "../dump/dump-session.ts";
import { type Relation, readRelations } from "../objects/read-relations.ts";
import { checkForeignKeys } from "./check-foreign-keys.ts";
import { checkObjects } from "./check-objects.ts";
import { checkRows } from "./check-rows.ts";
import { checkTables } from "./check-tables.ts";
import { runCheck } from "./run-check.ts";

export interface ProofDatabaseOptions {
  readonly spec: MysqlConnectionSpec;
  readonly database: string;
  readonly promised: PromisedContents;
  /** Sessions that read beside each other. */
  readonly jobs: number;
  readonly signal: AbortSignal;
}

/** What looks at a restored database works on. */
export interface ProofTarget {
  readonly database: string;
  readonly facts: MysqlServerFacts;
  readonly relations: readonly Relation[];
  /** One or more, as a dump has them. */
  readonly sessions: readonly MysqlConnection[];
}

/** A restored database of MySQL or MariaDB on trial. */
export class MysqlProofDatabase implements RestoredDatabase {
  readonly #options: ProofDatabaseOptions;
  readonly #target: ProofTarget;
  /** All rows are those that were backed up. */
  #rowsAreProven = false;

  private constructor(options: ProofDatabaseOptions, target: ProofTarget) {
    this.#options = options;
    this.#target = target;
  }

  static async open(options: ProofDatabaseOptions): Promise<MysqlProofDatabase> {
    const { spec, database, jobs, signal } = options;
    const sessions: MysqlConnection[] = [];
    try {
      let facts: MysqlServerFacts | undefined;
      for (let count = 0; count < jobs; count++) {
        const session = await openMysqlSession({ ...spec, database: undefined }, { signal });
        sessions.push(session);
        facts ??= await identifyMysql(session);
        await setUpDumpSession(session, facts, database);
      }
      const relations = await readRelations(sessions[0]!, database);
      return new MysqlProofDatabase(options, { database, facts: facts!, relations, sessions });
    } catch (error) {
      await Promise.all(sessions.map((session) => session.close()));
      throw error;
    }
  }

  async checkObjects(): Promise<ProofFindings> {
    return await checkObjects(this.#target, this.#options.promised);
  }

  async checkRows(progress: ProgressSink): Promise<ProofFindings> {
    const { isProven, ...findings } = await checkRows(this.#target, this.#options.promised, progress);
    this.#rowsAreProven = isProven;
    return findings;
  }

  async checkConstraints(): Promise<ProofFindings> {
    return await checkForeignKeys(this.#target, this.#rowsAreProven);
  }

  async checkIndexes(): Promise<ProofFindings> {
    return await checkTables(this.#target);
  }

  async runCheck(sql: string): Promise<UserCheck> {
    const { spec, database, signal } = this.#options;
    await using connection = await openMysqlSession({ ...spec, database }, { signal });
    return await runCheck(connection, sql);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#target.sessions.map((session) => session.close()));
  }
}
