import { CatalogMap } from "./catalog-map.ts";
import type { Answers, Queries } from "./catalog-queries.ts";
import { Catalog, firstNormalOid } from "./catalog-reader.ts";
import type { EntryContext } from "./entry-context.ts";
import type { SecurityLabel } from "./security-label-entry.ts";

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
  const own = new CatalogMap<string>();
  const ofColumns = new CatalogMap<Map<number, string>>();
  for (const row of comments) {
    const [table, oid, column] = [Number(row.classoid), Number(row.objoid), Number(row.objsubid)];
    if (column === 0) own.set(table, oid, row.description!);
    else ofColumns.getOrMake(table, oid, () => new Map()).set(column, row.description!);
  }
  const labelsOf = new CatalogMap<SecurityLabel[]>();
  for (const row of labels) {
    const label = { subId: Number(row.objsubid), provider: row.provider!, label: row.label! };
    labelsOf.getOrMake(Number(row.classoid), Number(row.objoid), () => []).push(label);
  }
  return {
    isDescribed: ({ table, oid }) => own.has(table, oid) || ofColumns.has(table, oid) || labelsOf.has(table, oid),
    commentOn: ({ table, oid }, subId = 0) =>
      subId === 0 ? own.get(table, oid) : ofColumns.get(table, oid)?.get(subId),
    commentedColumns: ({ table, oid }) => [...(ofColumns.get(table, oid)?.keys() ?? [])],
    securityLabelsOn: ({ table, oid }) => labelsOf.get(table, oid) ?? [],
  };
}
