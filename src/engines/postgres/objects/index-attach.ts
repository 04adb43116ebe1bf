import { qualified } from "../sql/quote.ts";
import type { DumpObject } from "./dump-object.ts";
import type { IndexObject } from "./index-object.ts";
import { objectEntry } from "./object-entry.ts";
import type { ObjectType, PlannedEntry } from "./object-type.ts";
import { indexedTables } from "./relation/relation.ts";

/** The tie of a partition's index to the index of the partitioned table. */
export interface IndexAttach extends DumpObject {
  readonly kind: "index-attach";
  readonly parent: IndexObject;
  readonly partition: IndexObject;
}

export const indexAttachType: ObjectType<IndexAttach> = {
  label: "index of a partition",

  read(reader): IndexAttach[] {
    const indexes = indexedTables(reader.registry).flatMap((table) => table.indexes);
    const byOid = new Map(indexes.map((index) => [index.catalog.oid, index]));
    return indexes.flatMap((partition) => {
      const parent = byOid.get(partition.parent);
      if (parent === undefined) return [];
      const attach = reader.registry.add<IndexAttach>({
        kind: "index-attach",
        catalog: { table: 0, oid: 0 },
        name: partition.name,
        schema: partition.schema,
        parts: partition.parts,
        parent,
        partition,
      });
      parent.attaches.push(attach);
      return [attach];
    });
  },

  link(attaches: readonly IndexAttach[]): void {
    for (const { parent, partition, dependencies } of attaches) {
      for (const needed of [partition, parent, partition.relation, parent.relation]) dependencies.add(needed.dumpId);
    }
  },

  entries(attach: IndexAttach): PlannedEntry[] {
    const { parent, partition } = attach;
    const alter = `ALTER INDEX ${qualified(parent.schema, parent.name)}`;
    return [
      objectEntry(attach, {
        desc: "INDEX ATTACH",
        section: "post-data",
        definition: `${alter} ATTACH PARTITION ${qualified(partition.schema, partition.name)};\n`,
        owner: parent.relation.owner,
      }),
    ];
  },
};
