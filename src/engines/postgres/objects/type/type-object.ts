import { qualified, quoteIdentifier } from "../../sql/quote.ts";
import { Catalog, type CatalogReader, type Row } from "../catalog-reader.ts";
import { descriptionEntries } from "../description-entries.ts";
import type { DumpObject } from "../dump-object.ts";
import { isUsersOrMember, partsOf } from "../dump-parts.ts";
import type { EntryContext } from "../entry-context.ts";
import { objectEntry } from "../object-entry.ts";
import type { PlannedEntry } from "../object-type.ts";
import { privilegeEntries } from "../privilege-entries.ts";

/** What all data types have in common. */
export interface TypeObject extends DumpObject {
  readonly kind: "type";
  readonly schema: string;
  readonly owner: string;
  readonly privileges: string | null;
  readonly defaultPrivileges: string;
  /** Functions that the type is made of can have it as argument or result: they need its name before it exists. */
  readonly mayNeedShell?: boolean;
}

/** Columns of `pg_type t` and `pg_namespace n` that {@link addType} needs. */
export const typeColumns =
  "t.oid, t.typname, n.nspname, t.typowner, t.typacl, pg_catalog.acldefault('T', t.typowner) AS acldefault";

export const typeTables =
  "pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace AND n.nspname !~ '^pg_(toast|temp)'";

/**
 * Registers a type, unless it is a built-in one whose privileges are as they came. Members of extensions are among them, dumped or not:
 * functions that they are made of come before other functions, whose privileges may be in the dump.
 */
export function addType<O extends TypeObject>(
  reader: CatalogReader,
  row: Row,
  own: Omit<O, Exclude<keyof TypeObject, "mayNeedShell">>,
): O | undefined {
  const oid = Number(row.oid);
  const schema = row.nspname!;
  const parts = partsOf(reader, schema, Catalog.pg_type, oid);
  const isChanged = row.typacl !== null || reader.shared.initialPrivileges(Catalog.pg_type, oid) !== undefined;
  const isDumped = parts.definition || (parts.privileges && isChanged);
  // Others may depend on what is left out of this dump, and their order on it.
  if (!isDumped && !isUsersOrMember(reader, schema, Catalog.pg_type, oid)) return undefined;
  const common: Omit<TypeObject, "dumpId" | "dependencies"> = {
    kind: "type",
    catalog: { table: Catalog.pg_type, oid },
    name: row.typname!,
    schema,
    owner: reader.shared.roleName(Number(row.typowner)),
    privileges: row.typacl ?? null,
    defaultPrivileges: row.acldefault!,
    parts,
  };
  return reader.registry.add<O>({ ...common, ...own } as unknown as Omit<O, "dumpId" | "dependencies">);
}

/** Entry, comment and privileges of a type. */
export function typeEntries(
  type: TypeObject,
  context: EntryContext,
  sql: { readonly desc?: "DOMAIN"; readonly definition: string; readonly drop?: string },
): PlannedEntry[] {
  const desc = sql.desc ?? "TYPE";
  const name = qualified(type.schema, type.name);
  const own = [
    objectEntry(type, {
      desc,
      section: "pre-data",
      owner: type.owner,
      definition: sql.definition,
      drop: sql.drop ?? `DROP ${desc} ${name};\n`,
    }),
    ...descriptionEntries(type, context, {
      subject: `${desc} ${name}`,
      tag: `${desc} ${quoteIdentifier(type.name)}`,
      owner: type.owner,
    }),
  ];
  return [...(type.parts.definition ? own : []), ...typePrivileges(type, context)];
}

function typePrivileges(type: TypeObject, context: EntryContext): PlannedEntry[] {
  return privilegeEntries(type, context, {
    kind: "TYPE",
    name: quoteIdentifier(type.name),
    owner: type.owner,
    current: type.privileges,
    default: type.defaultPrivileges,
  });
}
