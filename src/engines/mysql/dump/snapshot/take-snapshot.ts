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
import { readUnprotected } from "./read-unprotected.ts";
import { lockDefinitions, lockServer, type ServerLock } from "./server-lock.ts";

/** How the sessions of a dump came to see one state. */
export type ConsistencyMethod =
  /** MariaDB's own stages held commits for a moment. */
  | "backup-stages"
  /** FLUSH TABLES WITH READ LOCK held everybody for a moment. */
  | "global-read-lock"
  /** No lock: the server itself says which place in the log each snapshot stands for, and all say the same. */
  | "lock-free"
  /** One session, and so one snapshot; which place in the log it stands for is not known. */
  | "snapshot"
  /** Several sessions whose snapshots may differ. */
  | "unproved";

export interface SnapshotOptions {
  /** How many sessions read. */
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

/** How often snapshots are taken anew until they agree, before a lock is asked for. */
const agreementTries = 20;

/**
 * Opens sessions in `database` whose transactions all see the same state.
 * @throws BackupError CONNECT, SERVER; UNSUPPORTED_OBJECT for tables without transactions that were to be refused
 */
export async function takeSnapshot(
  source: MysqlSource,
  database: string,
  options: SnapshotOptions,
  warn: (message: string) => void,
): Promise<Snapshot> {
  const { control, facts } = source;
  const unprotected = await readUnprotected(control, database);
  refuseUnprotected(unprotected, options.nonTransactional);
  const sessions: MysqlConnection[] = [];
  const disposal = {
    async [Symbol.asyncDispose]() {
      await Promise.all(sessions.map((session) => session.close()));
    },
  };
  try {
    for (let count = 0; count < options.sessions; count++) {
      const session = await source.connect();
      sessions.push(session);
      await setUpDumpSession(session, facts, database);
    }
    const copiesUnderLock = unprotected.length > 0 && options.nonTransactional === "lock" && !options.noLock;
    if (unprotected.length > 0 && !copiesUnderLock) warn(unprotectedText(unprotected));
    const free = copiesUnderLock ? undefined : await takeFreely(sessions, source);
    const taken = free ?? (await takeLocked(sessions, source, options, copiesUnderLock, warn));
    return { sessions, ...taken, ...disposal };
  } catch (error) {
    await disposal[Symbol.asyncDispose]();
    throw error;
  }
}

type Taken = Omit<Snapshot, "sessions" | keyof AsyncDisposable>;

const neverLocked = (): Promise<number> => Promise.resolve(0);

/** Without any lock, where the server says which place in the log a snapshot stands for. */
async function takeFreely(
  sessions: readonly MysqlConnection[],
  { control, facts }: MysqlSource,
): Promise<Taken | undefined> {
  if (!facts.capabilities.binlogSnapshotStatus || !writesBinlog(facts)) return undefined;
  for (let tries = 0; tries < agreementTries; tries++) {
    await beginSnapshots(sessions);
    const places = await Promise.all(sessions.map((session) => snapshotCoordinates(session)));
    const [first] = places;
    if (first === undefined) break;
    if (places.every((place) => place?.file === first.file && place.position === first.position)) {
      const coordinates = facts.capabilities.gtids === "domains" ? await withGtidPosition(control, first) : first;
      return { method: "lock-free", coordinates, protectsAllTables: false, unlock: neverLocked };
    }
  }
  return undefined;
}

async function takeLocked(
  sessions: readonly MysqlConnection[],
  { control, facts }: MysqlSource,
  { noLock }: SnapshotOptions,
  copiesUnderLock: boolean,
  warn: (message: string) => void,
): Promise<Taken> {
  // One session of a server without a binary log needs nobody to wait: there is no place in a log to be told.
  const isNeeded = sessions.length > 1 || writesBinlog(facts) || copiesUnderLock;
  const lock = noLock || !isNeeded ? undefined : await lockServer(control, facts, copiesUnderLock);
  if (lock === undefined) {
    if (isNeeded && !noLock)
      warn(
        "this user may not lock the server (RELOAD): which place in the binary log the backup stands for is not known",
      );
    await beginSnapshots(sessions);
    return {
      method: sessions.length === 1 ? "snapshot" : "unproved",
      coordinates: undefined,
      protectsAllTables: false,
      unlock: neverLocked,
    };
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
