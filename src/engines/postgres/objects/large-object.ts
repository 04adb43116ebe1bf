import { parseAclItem } from "../sql/acl-item.ts";
import { parseTextArray } from "../sql/pg-array.ts";
import { Catalog } from "./catalog-reader.ts";
import { descriptionEntries } from "./description-entries.ts";
import { allParts, type DumpObject, definitionOnly } from "./dump-object.ts";
import type { EntryContext } from "./entry-context.ts";
import { objectEntry } from "./object-entry.ts";
import type { ObjectType, PlannedEntry } from "./object-type.ts";
import { privilegeEntries } from "./privilege-entries.ts";

/** At most this many large objects share an entry, as pg_dump 17 and newer have it: a unit of parallel restore. */
const largeObjectsPerGroup = 1000;

/** Large objects of the same owner and privileges. */
interface LargeObjectGroup extends DumpObject {
  readonly kind: "large-object";
  readonly owner: string;
  /** Ascending, at least one. */
  readonly oids: readonly number[];
  readonly privileges: string | null;
  readonly defaultPrivileges: string;
}

interface LargeObjectData extends DumpObject {
  readonly kind: "large-object-data";
  readonly group: LargeObjectGroup;
}

/**
 * Large objects, in groups: the server groups them, so that a million of them are a thousand rows here. Archives before
 * 1.16 know no groups: see `ungroupLargeObjects`.
 */
export const largeObjectType: ObjectType<LargeObjectGroup> = {
  label: "large object",

  queries: () => ({
    rows:
      "SELECT lomowner, lomacl, pg_catalog.acldefault('L', lomowner) AS acldefault, " +
      "pg_catalog.array_agg(oid ORDER BY oid) AS oids FROM (SELECT oid, lomowner, lomacl::pg_catalog.text AS lomacl, " +
      "(pg_catalog.row_number() OVER (PARTITION BY lomowner, lomacl::pg_catalog.text ORDER BY oid) - 1) / " +
      `${largeObjectsPerGroup} AS part FROM pg_catalog.pg_largeobject_metadata) AS l ` +
      "GROUP BY lomowner, lomacl, part ORDER BY lomowner, lomacl, part",
  }),

  read(reader, { rows }): LargeObjectGroup[] {
    if (!reader.selection.largeObjects || !reader.wanted.data) return [];
    return rows.flatMap((row) => {
      const owner = reader.shared.roleName(Number(row.lomowner));
      const privileges = row.lomacl ?? null;
      const oids = parseTextArray(row.oids!).map(Number);
      const groups = isGrantedByOthers(privileges, owner) ? oids.map((oid) => [oid]) : [oids];
      return groups.map((group) =>
        reader.registry.add<LargeObjectGroup>({
          kind: "large-object",
          catalog: { table: Catalog.pg_largeobject, oid: group[0]! },
          name: group.length === 1 ? `${group[0]}` : `${group[0]}..${group.at(-1)}`,
          schema: null,
          parts: allParts,
          owner,
          oids: group,
          privileges,
          defaultPrivileges: row.acldefault!,
        }),
      );
    });
  },

  entries(group: LargeObjectGroup, context: EntryContext): PlannedEntry[] {
    const first = `${group.oids[0]}`;
    return [
      objectEntry(group, {
        desc: "BLOB METADATA",
        section: "data",
        owner: group.owner,
        // Whoever restores makes lo_create, lo_unlink and ALTER ... OWNER of these; a drop must not be empty, or there
        // would be no owner.
        definition: group.oids.map((oid) => `${oid}\n`).join(""),
        drop: "-- dummy",
      }),
      ...group.oids.flatMap((oid) => descriptionOf(group, oid, context)),
      // Stored for the first object, carried out for all.
      ...privilegeEntries(group, context, {
        kind: "LARGE OBJECT",
        name: first,
        ...(group.oids.length > 1 ? { tag: `LARGE OBJECTS ${group.name}` } : {}),
        owner: group.owner,
        current: group.privileges,
        default: group.defaultPrivileges,
      }),
    ];
  },
};

/**
 * Somebody else than the owner granted, which takes SET SESSION AUTHORIZATION: pg_restore 18 repeats that for each object of
 * a group, with the object's number behind it, and no server takes it. Alone in its group, an object is restored right.
 */
function isGrantedByOthers(privileges: string | null, owner: string): boolean {
  return privileges !== null && parseTextArray(privileges).some((item) => parseAclItem(item).grantor !== owner);
}

/** Contents of the groups. */
export const largeObjectDataType: ObjectType<LargeObjectData> = {
  label: "large objects",

  read(reader): LargeObjectData[] {
    const groups = reader.registry.ofKind("large-object") as readonly LargeObjectGroup[];
    return groups.map((group) => {
      const data = reader.registry.add<LargeObjectData>({
        kind: "large-object-data",
        catalog: { table: 0, oid: 0 },
        name: group.name,
        schema: null,
        parts: definitionOnly,
        group,
      });
      data.dependencies.add(group.dumpId);
      return data;
    });
  },

  entries(data: LargeObjectData): PlannedEntry[] {
    return [
      {
        ...objectEntry(data, { desc: "BLOBS", section: "data", owner: data.group.owner }),
        hadDumper: true,
        data: { kind: "large-objects", oids: data.group.oids },
      },
    ];
  },
};

function descriptionOf(group: LargeObjectGroup, oid: number, context: EntryContext): PlannedEntry[] {
  const object = { catalog: { table: Catalog.pg_largeobject, oid }, schema: null, dumpId: group.dumpId };
  const subject = `LARGE OBJECT ${oid}`;
  return descriptionEntries(object, context, { subject, tag: subject, owner: group.owner });
}
