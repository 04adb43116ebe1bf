import { qualified } from "../sql/quote.ts";
import type { DumpObject } from "./dump-object.ts";
import { partsWith } from "./dump-parts.ts";
import { objectEntry } from "./object-entry.ts";
import type { ObjectType, PlannedEntry } from "./object-type.ts";
import { dumpedTables, type Relation } from "./relation/relation.ts";

/** A partition's tie to its partitioned table: it is created as a table of its own and attached when both exist. */
interface TableAttach extends DumpObject {
  readonly kind: "table-attach";
  readonly partition: Relation;
}

export const tableAttachType: ObjectType<TableAttach> = {
  label: "partition",

  read(reader): TableAttach[] {
    return dumpedTables(reader.registry, "rpf")
      .filter((table) => table.partitionBound !== null)
      .map((partition) =>
        reader.registry.add<TableAttach>({
          kind: "table-attach",
          catalog: { table: 0, oid: 0 },
          name: partition.name,
          schema: partition.schema,
          parts: partsWith(partition),
          partition,
        }),
      );
  },

  link(attaches: readonly TableAttach[]): void {
    for (const { partition, dependencies } of attaches) {
      dependencies.add(partition.dumpId);
      dependencies.add(partition.parents[0]!.dumpId);
    }
  },

  entries(attach: TableAttach): PlannedEntry[] {
    const { partition } = attach;
    const parent = partition.parents[0]!;
    const child = qualified(partition.schema, partition.name);
    const alter = `ALTER TABLE ONLY ${qualified(parent.schema, parent.name)}`;
    return [
      objectEntry(attach, {
        desc: "TABLE ATTACH",
        section: "pre-data",
        definition: `${alter} ATTACH PARTITION ${child} ${partition.partitionBound};\n`,
        owner: partition.owner,
      }),
    ];
  },
};
