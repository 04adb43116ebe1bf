import { catalogKey } from "./catalog-key.ts";
import type { Answers, Queries } from "./catalog-queries.ts";
import { Catalog, firstNormalOid, type Row } from "./catalog-reader.ts";
import type { EntryContext } from "./entry-context.ts";
import { groupBy } from "./group-by.ts";

/** Comments of user objects, of schema public and of large objects, and security labels. */
export type Descriptions = Pick<EntryContext, "isDescribed" | "commentOn" | "commentedColumns" | "securityLabelsOn">;

export const descriptionQueries: Queries<"comments" | "labels"> = {
  comments:
    "SELECT classoid, objoid, objsubid, description FROM pg_catalog.pg_description " +
    `WHERE objoid >= ${firstNormalOid} OR classoid IN (${Catalog.pg_namespace}, ${Catalog.pg_largeobject}) ORDER BY objsubid`,
  // Subscriptions belong to a database, but the server keeps them, and their labels, for all databases.
  labels:
    "SELECT classoid, objoid, objsubid, provider, label FROM pg_catalog.pg_seclabel " +
    "UNION ALL SELECT classoid, objoid, 0, provider, label FROM pg_catalog.pg_shseclabel " +
    `WHERE classoid = ${Catalog.pg_subscription} ORDER BY objsubid, provider`,
};

export function descriptionsOf({ comments, labels }: Answers<"comments" | "labels">): Descriptions {
  const own = new Map<number, string>();
  const ofColumns = new Map<number, Map<number, string>>();
  for (const row of comments) {
    const key = keyOf(row);
    const column = Number(row.objsubid);
    if (column === 0) own.set(key, row.description!);
    else ofColumns.set(key, (ofColumns.get(key) ?? new Map<number, string>()).set(column, row.description!));
  }
  const labelsOf = groupBy(labels, keyOf);
  return {
    isDescribed: (catalog) => {
      const key = catalogKey(catalog);
      return own.has(key) || ofColumns.has(key) || labelsOf.has(key);
    },
    commentOn: (catalog, subId = 0) =>
      subId === 0 ? own.get(catalogKey(catalog)) : ofColumns.get(catalogKey(catalog))?.get(subId),
    commentedColumns: (catalog) => [...(ofColumns.get(catalogKey(catalog))?.keys() ?? [])],
    securityLabelsOn: (catalog) =>
      (labelsOf.get(catalogKey(catalog)) ?? []).map((row) => ({
        subId: Number(row.objsubid),
        provider: row.provider!,
        label: row.label!,
      })),
  };
}

function keyOf(row: Row): number {
  return catalogKey({ table: Number(row.classoid), oid: Number(row.objoid) });
}
