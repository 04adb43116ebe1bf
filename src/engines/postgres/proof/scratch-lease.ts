import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { isScratchName, scratchPrefix } from "../../common/scratch-name.ts";

/**
 * Says to other runs that a scratch database is in use: an advisory lock whose number stands in the name. It ends with
 * its session, so also with a run that is killed.
 */
export async function holdLease(connection: PgConnection, name: string): Promise<void> {
  await connection.query(`SELECT pg_catalog.pg_advisory_lock(${numberOf(name)})`);
}

/** Names of the scratch databases whose runs are gone. Those of other programs have other names. */
export async function abandonedDatabases(connection: PgConnection): Promise<string[]> {
  const { rows } = await connection.query("SELECT datname FROM pg_catalog.pg_database");
  const locked = await connection.query(
    "SELECT DISTINCT classid::pg_catalog.int8 * 4294967296::numeric + objid::pg_catalog.int8 FROM pg_catalog.pg_locks " +
      "WHERE locktype = 'advisory' AND objsubid = 1",
  );
  const inUse = new Set(locked.rows.map((row) => row[0]));
  return rows.map((row) => row[0] ?? "").filter((name) => isScratchName(name) && !inUse.has(digitsOf(name).toString()));
}

/** The digits of the name as the signed number that a lock takes. */
function numberOf(name: string): string {
  return BigInt.asIntN(64, digitsOf(name)).toString();
}

function digitsOf(name: string): bigint {
  return BigInt(`0x${name.slice(scratchPrefix.length)}`);
}
