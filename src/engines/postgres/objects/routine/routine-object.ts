import { parseTextArray } from "../../sql/pg-array.ts";
import { quoteIdentifier } from "../../sql/quote.ts";
import { Catalog, type CatalogReader, type Row } from "../catalog-reader.ts";
import type { DumpObject } from "../dump-object.ts";
import { partsOf } from "../dump-parts.ts";

/** What functions, procedures and aggregates have in common. */
export interface Routine extends DumpObject {
  readonly kind: "function" | "aggregate";
  readonly schema: string;
  readonly owner: string;
  readonly privileges: string | null;
  readonly defaultPrivileges: string;
  /** Input types, as the server formats them. */
  readonly inputTypes: readonly string[];
}

/** Columns of `pg_proc p` and `pg_namespace n` that {@link addRoutine} needs. */
export const routineColumns =
  "p.oid, p.proname, n.nspname, p.proowner, p.proacl, pg_catalog.acldefault('f', p.proowner) AS acldefault, " +
  "ARRAY(SELECT pg_catalog.format_type(i.type, NULL) FROM pg_catalog.unnest(p.proargtypes::pg_catalog.oid[]) " +
  "WITH ORDINALITY AS i (type, place) ORDER BY i.place) AS input_types, " +
  "ARRAY(SELECT part.name FROM pg_catalog.unnest(p.proargtypes::pg_catalog.oid[]) WITH ORDINALITY AS i (type, place) " +
  "JOIN pg_catalog.pg_type it ON it.oid = i.type JOIN pg_catalog.pg_namespace itn ON itn.oid = it.typnamespace " +
  "CROSS JOIN LATERAL (VALUES (1, itn.nspname::pg_catalog.text), (2, it.typname::pg_catalog.text)) AS part (place, name) " +
  "ORDER BY i.place, part.place) AS type_names";

export const routineTables =
  "pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace " +
  "LEFT JOIN pg_catalog.pg_init_privs ip " +
  `ON ip.objoid = p.oid AND ip.classoid = ${Catalog.pg_proc} AND ip.objsubid = 0`;

/**
 * Leaves out what cannot be in the dump, before the server formats the arguments of thousands of built-in functions and
 * members of extensions: what remains are a user's own routines, and those on which privileges were changed.
 */
export const routineFilter =
  "n.nspname <> 'information_schema' AND n.nspname !~ '^pg_(toast|temp)' " +
  "AND (n.nspname <> 'pg_catalog' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.objid = p.oid " +
  `AND e.classid = ${Catalog.pg_proc} AND e.deptype = 'e') ` +
  // A join, for as a subquery it is a scan of pg_init_privs for each of 3,000 functions: 60 ms of every dump.
  "OR p.proacl IS DISTINCT FROM ip.initprivs)";

/** Registers a routine. */
export function addRoutine<O extends Routine>(
  reader: CatalogReader,
  row: Row,
  kind: O["kind"],
  own: Omit<O, keyof Routine> & Pick<O, "canBePostponed">,
): O {
  const oid = Number(row.oid);
  const schema = row.nspname!;
  const inputTypes = parseTextArray(row.input_types!);
  const common: Omit<Routine, "dumpId" | "dependencies"> = {
    kind,
    catalog: { table: Catalog.pg_proc, oid },
    name: row.proname!,
    schema,
    owner: reader.shared.roleName(Number(row.proowner)),
    privileges: row.proacl ?? null,
    defaultPrivileges: row.acldefault!,
    parts: partsOf(reader, schema, Catalog.pg_proc, oid),
    inputTypes,
    // Overloads are ordered by the number of their arguments, then by the names of the types.
    tieBreak: [String(inputTypes.length).padStart(4, "0"), ...parseTextArray(row.type_names!)],
  };
  return reader.registry.add<O>({ ...common, ...own } as unknown as Omit<O, "dumpId" | "dependencies">);
}

/** `f(integer, text)`: the name with what identifies the routine among its overloads. */
export function signature(routine: Routine, options: { readonly quoted: boolean }): string {
  const name = options.quoted ? quoteIdentifier(routine.name) : routine.name;
  return `${name}(${routine.inputTypes.join(", ")})`;
}
