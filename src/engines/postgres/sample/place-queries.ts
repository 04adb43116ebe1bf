import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { placeReader, type TakePlace } from "./place-reader.ts";

/** A query of places of rows. */
export interface PlaceQuery {
  /** Of `tableoid, ctid`, and of a hash where that is asked for. */
  readonly sql: string;
  /** What messages show instead. */
  readonly shown?: string;
  readonly isHashed?: boolean;
  readonly take: TakePlace;
}

/**
 * Queries that are on their way while one is answered, so that a network does not cost a round trip for each. With several
 * connections few, or one would have much to do yet when the others have nothing.
 */
const QUERIES_AHEAD = { alone: 8, beside: 2 } as const;

/** Runs queries on all connections, each the next one that nobody has begun. */
export async function runPlaceQueries(
  connections: readonly PgConnection[],
  queries: Iterable<PlaceQuery>,
): Promise<void> {
  const iterator = queries[Symbol.iterator]();
  const ahead = connections.length === 1 ? QUERIES_AHEAD.alone : QUERIES_AHEAD.beside;
  await Promise.all(connections.map((connection) => runOn(connection, iterator, ahead)));
}

async function runOn(connection: PgConnection, queries: Iterator<PlaceQuery>, ahead: number): Promise<void> {
  const running: Promise<unknown>[] = [];
  for (let next = queries.next(); next.done !== true; next = queries.next()) {
    const { sql, shown = sql, isHashed = false, take } = next.value;
    const copied = connection.copyOut(`COPY (${sql}) TO STDOUT (FORMAT binary)`, placeReader(take, isHashed), shown);
    // The first that fails tells; those behind it fail because of it.
    copied.catch(() => {});
    running.push(copied);
    if (running.length >= ahead) await running.shift();
  }
  for (const copied of running) await copied;
}
