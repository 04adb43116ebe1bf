import { BackupError } from "../../../core/backup-error.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { CopyOutScanner, type ScannerMemory } from "../../../wire/postgres/copy-out-scanner.ts";
import { type DumpSession, exportSnapshot, joinSnapshot } from "./dump-session.ts";
import { laneMemory } from "./lane-memory.ts";
import type { PlannedCopy } from "./plan-copies.ts";
import type { RateLimit } from "./rate-limit.ts";

/** A connection in the dump's snapshot, with what takes the rows out of its messages. */
export interface CopyLane {
  readonly connection: PgConnection;
  readonly scanner: CopyOutScanner;
}

export interface HelperOptions {
  /** How many connections copy, the leader's included. */
  readonly jobs: number;
  /** Opens another connection like the leader's, to the same server. */
  readonly connect: () => Promise<PgConnection>;
  /** Whether all read the same snapshot. Anything but true is for tests that prove its worth. */
  readonly sharesSnapshot: boolean;
  /** Where all that is read is paid for, if anywhere. */
  readonly limit: RateLimit | undefined;
}

/** The connections that copy. The leader's is the dump's own and stays open; helpers are closed with this. */
export class CopyLanes implements AsyncDisposable {
  readonly leader: CopyLane;
  readonly helpers: readonly CopyLane[];
  /** Why there are fewer than wanted, if there are. */
  readonly lacking: BackupError | undefined;
  readonly limit: RateLimit | undefined;

  /**
   * Opens as many helpers as there is work for. One that cannot be opened is done without: the leader alone can copy
   * everything.
   * @throws BackupError INTERRUPTED
   */
  static async open(session: DumpSession, copies: readonly PlannedCopy[], options: HelperOptions): Promise<CopyLanes> {
    const shared = copies.flatMap((copy) => (copy.kind === "table" && copy.isShared ? [copy] : []));
    const parts = shared.reduce((sum, copy) => sum + copy.parts.count, 0);
    const wanted = Math.max(0, Math.min(options.jobs, parts) - 1);
    const tables = shared.map((copy) => copy.source.ranges!.name);
    const snapshot = wanted > 0 && options.sharesSnapshot ? await exportSnapshot(session) : undefined;
    const opened = await Promise.allSettled(
      Array.from({ length: wanted }, () => openHelper(options.connect, session.settings, snapshot, tables)),
    );
    const helpers = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const failed = opened.find((one) => one.status === "rejected")?.reason as unknown;
    const lacking = failed instanceof BackupError ? failed : undefined;
    const lanes = new CopyLanes(session.connection, helpers, lacking, options.limit);
    if (failed === undefined || (lanes.lacking !== undefined && lanes.lacking.code !== "INTERRUPTED")) return lanes;
    await lanes[Symbol.asyncDispose]();
    throw failed;
  }

  private constructor(
    leader: PgConnection,
    helpers: readonly PgConnection[],
    lacking: BackupError | undefined,
    limit: RateLimit | undefined,
  ) {
    const memory = laneMemory(helpers.length + 1);
    this.leader = laneOf(leader, memory, limit);
    this.helpers = helpers.map((connection) => laneOf(connection, memory, limit));
    this.lacking = lacking;
    this.limit = limit;
  }

  /** Gives a block back to the lane it came from. */
  readonly recycle = (block: Buffer): void => {
    // Each knows its own memory.
    for (const lane of [this.leader, ...this.helpers]) lane.scanner.recycle(block);
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.helpers.map((lane) => lane.connection.close()));
  }
}

async function openHelper(
  connect: () => Promise<PgConnection>,
  settings: readonly string[],
  snapshot: string | undefined,
  tables: readonly string[],
): Promise<PgConnection> {
  const connection = await connect();
  try {
    await joinSnapshot(connection, settings, snapshot, tables);
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function laneOf(connection: PgConnection, memory: ScannerMemory, limit: RateLimit | undefined): CopyLane {
  const pace = (bytes: number): Promise<void> | undefined => limit?.passed(bytes);
  return { connection, scanner: new CopyOutScanner({ transport: connection.transportKind, memory, pace }) };
}
