import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { withoutLocks } from "./comparison-session.ts";
import { factQueries } from "./fact-queries.ts";
import type { FactServer } from "./fact-query.ts";
import { sequenceValues } from "./sequence-values.ts";

/** What a database holds: object -> aspect -> value. Binary strings. Objects in the order of {@link factQueries}. */
export type SchemaFacts = ReadonlyMap<string, ReadonlyMap<string, string>>;

const longestShared = 100;

/** Reads all facts of the database, in memory: about 3 kB for a table of five columns. */
export async function readSchemaFacts(session: PgConnection, server: FactServer): Promise<SchemaFacts> {
  const facts = new Map<string, Map<string, string>>();
  const shared = new SharedStrings();
  const add = (object: string, aspect: string, value: string): void => {
    const aspects = facts.get(object) ?? new Map<string, string>();
    facts.set(object, aspects);
    aspects.set(shared.the(aspect), shared.the(value));
  };
  for (const query of factQueries) {
    const inner = query.sql(server);
    if (inner === undefined) continue;
    await session.queryEach(withoutLocks(withIdentity(inner)), ([object, aspect, value]) =>
      add(object!, aspect!, value!),
    );
  }
  for (const [object, value] of await sequenceValues(session)) add(object, "value", value);
  return facts;
}

/**
 * `pg_identify_object` gives names that do not depend on the search path and are alike on every server. What is said
 * about other sessions' temporary objects, and about what hangs on them, is not the database's.
 */
function withIdentity(facts: string): string {
  return `select i.type || ' ' || i.identity, f.aspect, f.value from (${facts}) as f
    cross join lateral pg_identify_object(f.classid, f.objid, f.objsubid) as i
    where f.value is not null and i.identity !~ '(^| on )pg_temp_[0-9]+[.]'`;
}

/** The same few words come back with every object: one string for all of them saves most of the memory. */
class SharedStrings {
  readonly #known = new Map<string, string>();

  the(text: string): string {
    if (text.length > longestShared) return text;
    const known = this.#known.get(text);
    if (known === undefined) this.#known.set(text, text);
    return known ?? text;
  }
}
