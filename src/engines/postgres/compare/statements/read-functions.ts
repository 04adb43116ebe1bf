import { type ComparisonSession, withoutLocks } from "../comparison-session.ts";
import { literal } from "./change.ts";

/** `CREATE OR REPLACE FUNCTION ...` as the server prints it, by identity. Binary strings. */
export async function readFunctions(
  { connection }: ComparisonSession,
  identities: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (identities.length === 0) return new Map();
  const { rows } = await connection.query(
    withoutLocks(`select o.identity, pg_get_functiondef(p.oid) from unnest(array[${identities.map(literal).join(", ")}]) as wanted (identity)
      join (select p.oid, i.identity from pg_proc as p, pg_identify_object('pg_proc'::regclass, p.oid, 0) as i
        where p.pronamespace <> 'pg_catalog'::regnamespace) as o on o.identity = wanted.identity
      join pg_proc as p on p.oid = o.oid`),
  );
  return new Map(rows.map(([identity, definition]) => [identity!, definition!]));
}
