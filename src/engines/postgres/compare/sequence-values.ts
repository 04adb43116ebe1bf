import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { withoutLocks } from "./comparison-session.ts";
import { isNoMember, isUserSchema } from "./fact-query.ts";

/** Sequences that one query asks. */
const batchSize = 200;

const allSequences = `select 'sequence ' || identity, format('%I.%I', n.nspname, c.relname)
  from pg_class as c join pg_namespace as n on n.oid = c.relnamespace,
  lateral pg_identify_object('pg_class'::regclass, c.oid, 0)
  where c.relkind = 'S' and ${isUserSchema()} and ${isNoMember("pg_class", "c.oid")} order by c.oid`;

/** Where every sequence stands: object and value. The values are in the sequences themselves, in no catalogue. */
export async function sequenceValues(session: PgConnection): Promise<(readonly [object: string, value: string])[]> {
  const { rows: sequences } = await session.query(allSequences);
  const values: [string, string][] = [];
  for (let start = 0; start < sequences.length; start += batchSize) {
    const batch = sequences.slice(start, start + batchSize);
    const selects = batch.map(
      ([, name], index) =>
        `select ${index}, last_value || case when is_called then '' else ' (not yet given)' end from ${name}`,
    );
    const { rows } = await session.query(withoutLocks(selects.join(" union all ")));
    for (const [index, value] of rows) values.push([batch[Number(index)]![0]!, value!]);
  }
  return values;
}
