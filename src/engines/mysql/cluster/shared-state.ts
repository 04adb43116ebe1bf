import { monotonic } from "../../../core/monotonic.ts";
import type { SharedState } from "../../../ports/cluster.ts";
import type { Dumper } from "../../../ports/dump.ts";
import { dumpFromSnapshot } from "../dump/dump-database.ts";
import { readUnprotected } from "../dump/snapshot/read-unprotected.ts";
import { type Snapshot, type SnapshotOptions, takeSnapshot } from "../dump/snapshot/take-snapshot.ts";
import type { MysqlSource } from "../dump/with-source.ts";
import { quoteName } from "../quote.ts";

export interface SharedStateOptions extends SnapshotOptions {
  readonly databases: readonly string[];
  /** What can be refused is refused as for one database. */
  readonly check: Dumper["check"];
  readonly dumperVersion: string;
}

export interface OpenedState {
  readonly state: SharedState;
  /** Those with tables that no snapshot holds first: while they are copied the server is locked. */
  readonly order: readonly string[];
}

/** Takes one snapshot of several databases, which are dumped from it one after another. */
export async function openSharedState(
  source: MysqlSource,
  { databases, check, dumperVersion, ...options }: SharedStateOptions,
  warn: (message: string) => void,
): Promise<OpenedState> {
  const unprotected = new Map<string, readonly string[]>();
  for (const database of databases) {
    const tables = await readUnprotected(source.control, database);
    if (tables.length > 0) unprotected.set(database, tables);
  }
  const all = [...unprotected].flatMap(([database, tables]) => tables.map((table) => `${database}.${table}`));
  const snapshot = await takeSnapshot(source, { unprotected: all }, options, warn);
  const began = monotonic();
  const locking = new Set(unprotected.keys());
  const dumper: Dumper = {
    check,
    async dump(request, output, context) {
      const { database } = request;
      for (const session of snapshot.sessions) await session.query(`USE ${quoteName(database)}`);
      const unlock = async (): Promise<number> => {
        locking.delete(database);
        return locking.size === 0 ? await snapshot.unlock() : 0;
      };
      try {
        const own: Snapshot = { ...snapshot, unlock, [Symbol.asyncDispose]: async () => {} };
        return await dumpFromSnapshot({ source, snapshot: own, began, dumperVersion }, request, output, context);
      } finally {
        // One that failed does not keep the server locked.
        await unlock();
      }
    },
  };
  return {
    order: [...unprotected.keys(), ...databases.filter((database) => !unprotected.has(database))],
    state: {
      dumper,
      async snapshot() {
        return {
          method: snapshot.method,
          seconds: (monotonic() - began) / 1000,
          lockedSeconds: await snapshot.unlock(),
          ...(snapshot.coordinates === undefined ? {} : { coordinates: snapshot.coordinates }),
        };
      },
      [Symbol.asyncDispose]: () => snapshot[Symbol.asyncDispose](),
    },
  };
}
