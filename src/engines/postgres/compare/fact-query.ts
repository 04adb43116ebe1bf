/**
 * Reads facts of one kind of object. A fact is (object, aspect, value): `table sales.orders`, `owner`, `shop_owner`.
 * Values are what the server prints; an aspect that is absent or at its default has no fact.
 */
export interface FactQuery {
  /** For errors: `columns`. */
  readonly name: string;
  /**
   * A query with the columns `classid`, `objid`, `objsubid` (as in pg_depend), `aspect`, `value`; null values are
   * dropped. Nothing where the server has no such objects.
   */
  sql(server: FactServer): string | undefined;
}

/** What decides how facts are read. */
export interface FactServer {
  /** Major version of the server that is asked. */
  readonly major: number;
  /** The older of the two that are compared: what this one cannot know is left out on both sides. */
  readonly olderMajor: number;
  /** The newer of the two. */
  readonly newerMajor: number;
}

/** SQL: the schema `alias` (a row of pg_namespace) is a user's. */
export const isUserSchema = (alias = "n"): string =>
  `${alias}.nspname !~ '^pg_' and ${alias}.nspname <> 'information_schema'`;

/** SQL: the object was not made by an extension. */
export const isNoMember = (catalog: string, oid: string): string => isNoMemberOf(`'${catalog}'::regclass`, oid);

/** As {@link isNoMember}; `catalog` is an SQL expression. */
export const isNoMemberOf = (catalog: string, oid: string): string =>
  `not exists (select from pg_depend as member where member.classid = ${catalog}
    and member.objid = ${oid} and member.deptype = 'e')`;

/** SQL: the object does not come and go with another one, as the constructor functions of a range type do. */
export const isNoPart = (catalog: string, oid: string): string =>
  `not exists (select from pg_depend as whole where whole.classid = '${catalog}'::regclass
    and whole.objid = ${oid} and whole.deptype = 'i')`;

/** SQL: privileges as they are in effect, one `grantee=letters/grantor` a line, sorted. */
export const effectivePrivileges = (acl: string, kind: string, owner: string): string =>
  privilegeLines(`coalesce(${acl}, acldefault('${kind}', ${owner}))`);

/** SQL: the items of an `aclitem[]`, one a line, sorted. */
export const privilegeLines = (acl: string): string =>
  `(select string_agg(item::text, chr(10) order by item::text collate "C") from unnest(${acl}) as item)`;

/** SQL: a text[] of options as a sorted list. */
export const sortedList = (options: string): string =>
  `(select string_agg(item, ', ' order by item collate "C") from unnest(${options}) as item)`;

/** SQL: what `pg_identify_object` calls the object. */
export const identity = (catalog: string, oid: string): string =>
  `(select identity from pg_identify_object('${catalog}'::regclass, ${oid}, 0))`;

/** The rows of a catalogue whose facts are read. */
export interface FactRows {
  /** SQL: the catalogue of the objects, their oid in it, and for columns their number. */
  readonly catalog: string;
  readonly oid: string;
  readonly subId?: string;
  readonly from: string;
  readonly where: string;
}

/** A query of facts; values by aspect are SQL expressions, `undefined` where the server has no such thing. */
export function aspectsOf(
  { catalog, oid, subId = "0", from, where }: FactRows,
  aspects: Readonly<Record<string, string | undefined>>,
): string {
  const pairs = Object.entries(aspects).flatMap(([aspect, value]) =>
    value === undefined ? [] : [`('${aspect}', (${value})::text)`],
  );
  return `select '${catalog}'::regclass::oid as classid, ${oid} as objid, ${subId} as objsubid, aspect, value
    from ${from} cross join lateral (values ${pairs.join(", ")}) as fact (aspect, value) where ${where}`;
}
