import type { Section } from "../archive/toc-entry.ts";
import type { Capabilities } from "../capabilities.ts";
import type { PrivilegeKind } from "../sql/privilege-statements.ts";
import { quoteIdentifier } from "../sql/quote.ts";
import type { Answers, Queries } from "./catalog-queries.ts";
import { type CatalogReader, firstNormalOid, type Row } from "./catalog-reader.ts";
import { descriptionEntries } from "./description-entries.ts";
import { allParts, type DumpObject, type DumpParts, noParts, type ObjectKind } from "./dump-object.ts";
import { isUsers, isUsersOrMember, partsOf, partsOfMember } from "./dump-parts.ts";
import type { EntryContext } from "./entry-context.ts";
import { objectEntry } from "./object-entry.ts";
import type { ObjectType, PlannedEntry } from "./object-type.ts";
import { privilegeEntries } from "./privilege-entries.ts";

/**
 * What differs among the many types of objects that are one catalogue row, one CREATE statement, one DROP statement, and
 * perhaps a comment and privileges.
 */
export interface SimpleKind<Details, Detail extends string> {
  readonly label: string;
  readonly kind: ObjectKind;
  /** Type of the entry, and the words behind CREATE, DROP and COMMENT ON. */
  readonly desc: string;
  /** The words behind COMMENT ON, where they are others. */
  readonly commentWord?: string;
  readonly section: Section;
  /**
   * Query with one row per object and these columns: `classid` (OID of the catalogue), `oid`, `name`, `schema` (null when
   * objects of this kind lie in none), `owner` (an OID; null when they have none), and what else is needed.
   * With privileges: `acl` and `acldefault`. Use {@link ofUserSchemas} or {@link madeByUsers} to leave out what
   * initdb made.
   */
  query(capabilities: Capabilities): string;
  /** Only superusers may read the catalogue: for others there are no such objects. */
  readonly needsSuperuser?: boolean;
  /** Where it takes more than the selection of its schema. The relations are known. */
  isDumped?(row: Row, reader: CatalogReader): boolean;
  /** Comes before functions, and needs some: those of a member of an extension come before others, too. */
  readonly pullsFunctions?: true;
  /** More queries, for what does not fit into one row. */
  detailQueries?(capabilities: Capabilities): Queries<Detail>;
  /** Puts the answers of `detailQueries` into the form that `definition` and `more` want. */
  details?(answers: Answers<Detail>, reader: CatalogReader): Details;
  /** CREATE statement and what must follow it. `identity` is qualified and quoted. */
  definition(row: Row, identity: string, details: Details): string;
  /**
   * What DROP and COMMENT ON call the object, from its quoted name, which is qualified or not: `x USING btree`.
   * Without it the name alone.
   */
  identity?(row: Row, name: string): string;
  /** Without it names are quoted as identifiers. */
  quoteName?(name: string): string;
  /** Tag of the entry; without it the name. */
  tag?(row: Row): string;
  tieBreak?(row: Row): readonly string[];
  readonly privileges?: Exclude<PrivilegeKind, "COLUMN">;
  /** Entries that follow the object's own, its comment and its privileges. */
  more?(object: SimpleObject, row: Row, details: Details, context: EntryContext): readonly PlannedEntry[];
}

export interface SimpleObject extends DumpObject {
  readonly owner: string | null;
  /** Makes the entries, from what was read. */
  readonly plan: (context: EntryContext) => readonly PlannedEntry[];
}

/** For catalogues with a column for the schema: joins it as `n`, and leaves out the system's schemas. */
export function ofUserSchemas(column: string): string {
  return (
    `JOIN pg_catalog.pg_namespace n ON n.oid = ${column} AND n.nspname NOT IN ('pg_catalog', 'information_schema') ` +
    "AND n.nspname !~ '^pg_(toast|temp)'"
  );
}

/** For catalogues without one: what initdb did not make. */
export const madeByUsers = `o.oid >= ${firstNormalOid}`;

export function simpleObjectType<Details = undefined, Detail extends string = never>(
  kind: SimpleKind<Details, Detail>,
): ObjectType<SimpleObject, "rows" | Detail> {
  type Asked = Queries<"rows" | Detail>;
  const queries = (capabilities: Capabilities): Asked =>
    ({ ...kind.detailQueries?.(capabilities), rows: kind.query(capabilities) }) as Asked;
  const queriesOfSuperuser = ({ capabilities, shared }: CatalogReader): Asked =>
    shared.isSuperuser ? queries(capabilities) : ({ rows: undefined } as Asked);
  return {
    label: kind.label,

    ...(kind.needsSuperuser === true ? { queriesAboutRelations: queriesOfSuperuser } : { queries }),

    read(reader, answers): SimpleObject[] {
      const wanted = answers.rows.flatMap((row) => {
        const parts = kind.isDumped?.(row, reader) === false ? noParts : partsOfRow(reader, row);
        const isDumped = parts.definition || (parts.privileges && row.acl !== null);
        // Others may depend on what is left out of this dump, and their order on it.
        const isKept = kind.pullsFunctions === true ? isUsersOrMember : isUsers;
        return isDumped || isKept(reader, row.schema!, Number(row.classid), Number(row.oid)) ? [{ row, parts }] : [];
      });
      if (wanted.length === 0) return [];
      const details = kind.details?.(answers, reader) as Details;
      return wanted.map(({ row, parts }) => addObject(reader, kind, row, parts, details));
    },

    entries: (object: SimpleObject, context: EntryContext) => object.plan(context),
  };
}

function partsOfRow(reader: CatalogReader, row: Row): DumpParts {
  const [classId, oid] = [Number(row.classid), Number(row.oid)];
  if (row.schema !== null) return partsOf(reader, row.schema!, classId, oid);
  const ofMember = partsOfMember(reader, classId, oid);
  if (ofMember === undefined) return reader.selection.isEverything ? allParts : noParts;
  return row.acl === undefined ? noParts : ofMember;
}

function addObject<Details, Detail extends string>(
  reader: CatalogReader,
  kind: SimpleKind<Details, Detail>,
  row: Row,
  parts: DumpParts,
  details: Details,
): SimpleObject {
  const object: SimpleObject = reader.registry.add<SimpleObject>({
    kind: kind.kind,
    catalog: { table: Number(row.classid), oid: Number(row.oid) },
    name: row.name!,
    schema: row.schema!,
    owner: row.owner === null ? null : reader.shared.roleName(Number(row.owner)),
    parts,
    ...(kind.tieBreak === undefined ? {} : { tieBreak: kind.tieBreak(row) }),
    plan: (context) => entriesOf(object, kind, row, details, context),
  });
  return object;
}

function entriesOf<Details, Detail extends string>(
  object: SimpleObject,
  kind: SimpleKind<Details, Detail>,
  row: Row,
  details: Details,
  context: EntryContext,
): PlannedEntry[] {
  const { owner } = object;
  const name = kind.quoteName === undefined ? quoteIdentifier(object.name) : kind.quoteName(object.name);
  const schema = object.schema === null ? "" : `${quoteIdentifier(object.schema)}.`;
  const bare = kind.identity?.(row, name) ?? name;
  const identity = kind.identity?.(row, schema + name) ?? schema + name;
  const entries: PlannedEntry[] = [];
  if (object.parts.definition) {
    entries.push(
      objectEntry(object, {
        desc: kind.desc,
        section: kind.section,
        owner,
        tag: kind.tag?.(row) ?? object.name,
        definition: kind.definition(row, schema + name, details),
        drop: `DROP ${kind.desc} ${identity};\n`,
      }),
      ...descriptionEntries(object, context, {
        subject: `${kind.commentWord ?? kind.desc} ${identity}`,
        tag: `${kind.commentWord ?? kind.desc} ${bare}`,
        // pg_dump says "" where the object has no owner, and so do we.
        owner: owner ?? "",
      }),
    );
  }
  if (kind.privileges !== undefined) {
    entries.push(
      ...privilegeEntries(object, context, {
        kind: kind.privileges,
        name,
        owner,
        current: row.acl!,
        default: row.acldefault!,
      }),
    );
  }
  return [...entries, ...(object.parts.definition ? (kind.more?.(object, row, details, context) ?? []) : [])];
}
