import type { ObjectType } from "../object-type.ts";
import { columnQuery, readColumns } from "./read-columns.ts";
import { readViewQueries, viewQuery } from "./read-definitions.ts";
import { markInheritedNotNulls } from "./read-inheritance.ts";
import { dumpedTables, notAskedYet, oidArray, relationsWithColumns } from "./relation.ts";

/** Columns of relations and what views select: no objects of their own, but asked for when the relations are known. */
export const relationDetailsType: ObjectType<never, "columns" | "views"> = {
  label: "columns and view definitions",
  isAskedAside: true,

  queriesAboutTables: (tables, capabilities, wanted) => ({
    columns: columnQuery(capabilities, tables, wanted.data),
    views: undefined,
  }),

  queriesAboutRelations(reader) {
    const others = notAskedYet(reader, relationsWithColumns(reader));
    return {
      columns: others.length === 0 ? undefined : columnQuery(reader.capabilities, oidArray(others), reader.wanted.data),
      views: viewQuery(oidArray(dumpedTables(reader.registry, "vm"))),
    };
  },

  read(reader, { columns, views }): never[] {
    const { capabilities, registry } = reader;
    readColumns(reader, columns);
    readViewQueries(registry, views);
    markInheritedNotNulls(relationsWithColumns(reader), capabilities);
    return [];
  },

  entries: () => [],
};
