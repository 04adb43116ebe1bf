import { BackupError } from "../../../../core/backup-error.ts";
import type { NonTransactional } from "../../../../ports/mysql-dump.ts";
import type { MysqlConnection } from "../../../../wire/mysql/connection.ts";
import { setUpDumpSession } from "../dump-session.ts";
import type { MysqlSource } from "../with-source.ts";
import {
  type BinlogCoordinates,
  endOfBinlog,
  snapshotCoordinates,
  withGtidPosition,
  writesBinlog,
} from "./coordinates.ts";
import { lockDefinitions, lockServer, type ServerLock } from "./server-lock.ts";

/** How the sessions of a dump came to see one state. */
export type ConsistencyMethod =
  /** MariaDB's own stages held commits for a moment. */
  | "backup-stages"
  /** FLUSH TABLES WITH READ LOCK held everybody for a moment. */
  | "global-read-lock"
  /** No lock, one session: the server itself says which place in the log its snapshot stands for. */
  | "lock-free"
  /** One session, and so one snapshot; which place in the log it stands for is not known. */
  | "snapshot";

export interface SnapshotOptions {
  /** How many sessions read; without a lock only one does, whatever is wanted. */
  readonly sessions: number;
  readonly nonTransactional: NonTransactional;
  /** No lock that stops others, whatever that costs. */
  readonly noLock: boolean;
}

/** Sessions that see one state of the server. */
export interface Snapshot extends AsyncDisposable {
  readonly sessions: readonly MysqlConnection[];
  readonly method: ConsistencyMethod;
  /** The place in the binary log that the snapshot stands for, when that is certain. */
  readonly coordinates: BinlogCoordinates | undefined;
  /** Tables without transactions can be read as they were: the server is still locked. */
  readonly protectsAllTables: boolean;
  /** Call it when tables without transactions are copied. Safe to repeat. Answers how long others were held, in seconds. */
  unlock(): Promise<number>;
}

/** What a snapshot is taken of. */
export interface SnapshotScope {
  /** The sessions are in it; in none when absent. */
  readonly database?: string;
  /** Its tables whose rows no snapshot holds. */
  readonly unprotected: readonly string[];
}

/**
 * Opens sessions whose transactions all see the same state.
 * @throws BackupError CONNECT, SERVER; UNSUPPORTED_OBJECT for tables without transactions that were to be refused
 */
export async function takeSnapshot(
  source: MysqlSource,
  { database, unprotected }: SnapshotScope,
  options: SnapshotOptions,
  warn: (message: string) => void,
): Promise<Snapshot> {
  const { facts } = source;
  refuseUnprotected(unprotected, options.nonTransactional);
  const sessions: MysqlConnection[] = [];
  const disposal = {
    async [Symbol.asyncDispose]() {
      await Promise.all(sessions.map((session) => session.close()));
    },
  };
  try {
    const opened = await Promise.allSettled(
      Array.from({ length: options.sessions }, async () => {
        const session = await source.connect();
        sessions.push(session);
        await setUpDumpSession(session, facts, database);
      }),
    );
    const failed = opened.find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    const copiesUnderLock = unprotected.length > 0 && options.nonTransactional === "lock" && !options.noLock;
    const taken = await take(sessions, source, options, copiesUnderLock, warn);
    if (unprotected.length > 0 && !taken.protectsAllTables) warn(unprotectedText(unprotected));
    return { sessions, ...taken, ...disposal };
  } catch (error) {
    await disposal[Symbol.asyncDispose]();
    throw error;
  }
}

type Taken = Omit<Snapshot, "sessions" | keyof AsyncDisposable>;

const neverLocked = (): Promise<number> => Promise.resolve(0);

/**
 * Without any lock. One session of a server that says which place in the log its snapshot stands for has that place; it is
 * no proof for several that they are told the same: under load one of fifty such groups on MariaDB 10.11 and 11.8 saw two
 * states. So there is only one.
 */
async function takeUnlocked(sessions: MysqlConnection[], { control, facts }: MysqlSource): Promise<Taken> {
  await Promise.all(sessions.splice(1).map((session) => session.close()));
  await beginSnapshots(sessions);
  const unlocked = { coordinates: undefined, protectsAllTables: false, unlock: neverLocked };
  const place =
    facts.capabilities.binlogSnapshotStatus && writesBinlog(facts)
      ? await snapshotCoordinates(sessions[0]!)
      : undefined;
  if (place === undefined) return { ...unlocked, method: "snapshot" };
  const coordinates = facts.capabilities.gtids === "domains" ? await withGtidPosition(control, place) : place;
  return { ...unlocked, method: "lock-free", coordinates };
}

async function take(
  sessions: MysqlConnection[],
  source: MysqlSource,
  { noLock }: SnapshotOptions,
  copiesUnderLock: boolean,
  warn: (message: string) => void,
): Promise<Taken> {
  const { control, facts } = source;
  // One session of a server without a binary log needs nobody to wait: there is no place in a log to be told.
  const isNeeded = sessions.length > 1 || writesBinlog(facts) || copiesUnderLock;
  const lock = noLock || !isNeeded ? undefined : await lockServer(control, facts, copiesUnderLock);
  if (lock === undefined) {
    const wanted = sessions.length;
    const taken = await takeUnlocked(sessions, source);
    if (isNeeded && !noLock && taken.method !== "lock-free") warn(notAllowedText);
    if (wanted > 1)
      warn(`rows are read by 1 connection instead of ${wanted}: without a lock others may see another state`);
    return taken;
  }
  try {
    await beginSnapshots(sessions);
    const coordinates = await endOfBinlog(control, facts);
    await lockDefinitions(control, facts);
    return await lockedResult(lock, coordinates, copiesUnderLock);
  } catch (error) {
    await lock.release().catch(() => {});
    throw error;
  }
}

const notAllowedText =
  "this user may not lock the server (RELOAD): which place in the binary log the backup stands for is not known";

async function lockedResult(
  lock: ServerLock,
  coordinates: BinlogCoordinates | undefined,
  copiesUnderLock: boolean,
): Promise<Taken> {
  if (!copiesUnderLock) await lock.release();
  return { method: lock.method, coordinates, protectsAllTables: copiesUnderLock, unlock: () => lock.release() };
}

/** Begins, or begins anew, the transactions in which the sessions read; one by one they may see different states. */
export async function beginSnapshots(sessions: readonly MysqlConnection[]): Promise<void> {
  await Promise.all(sessions.map((session) => session.query("START TRANSACTION WITH CONSISTENT SNAPSHOT")));
}

function refuseUnprotected(tables: readonly string[], choice: NonTransactional): void {
  if (tables.length === 0 || choice !== "fail") return;
  throw new BackupError({
    code: "UNSUPPORTED_OBJECT",
    message: unprotectedText(tables),
    hint: "change their engine to InnoDB, or back up with --non-transactional lock",
  });
}

function unprotectedText(tables: readonly string[]): string {
  const shown = tables.slice(0, 3).map((name) => `"${name}"`);
  const more = tables.length > shown.length ? ` and ${tables.length - shown.length} more` : "";
  return `no snapshot holds tables without transactions: ${shown.join(", ")}${more}`;
}
