import type { DumpObject, ObjectKind } from "../objects/dump-object.ts";
import type { ObjectRegistry } from "../objects/object-registry.ts";

/** The two pseudo-objects that keep the sections of an archive apart. */
export interface Boundaries {
  readonly preData: DumpObject;
  readonly postData: DumpObject;
}

const dataKinds: ReadonlySet<ObjectKind> = new Set(["table-data", "sequence-set", "large-object", "large-object-data"]);
const postDataKinds: ReadonlySet<ObjectKind> = new Set([
  "constraint",
  "index",
  "index-attach",
  "statistics",
  "rule",
  "trigger",
  "foreign-key",
  "policy",
  "publication",
  "publication-table",
  "publication-schema",
  "subscription",
  "default-privileges",
  "event-trigger",
  "materialized-view-data",
]);

/**
 * Adds the boundary objects and the edges that tie every object to its section: all pre-data before the first boundary,
 * data between the two, post-data after the second. Inline objects follow their owner and are tied to none.
 */
export function addBoundaries(registry: ObjectRegistry): Boundaries {
  const objects = registry.all();
  const boundary = (kind: "pre-data-boundary" | "post-data-boundary"): DumpObject =>
    registry.add<DumpObject>({
      kind,
      catalog: { table: 0, oid: 0 },
      name: "",
      schema: null,
      parts: { definition: false, privileges: false },
    });
  const preData = boundary("pre-data-boundary");
  const postData = boundary("post-data-boundary");
  postData.dependencies.add(preData.dumpId);
  for (const object of objects) {
    if (object.inlineOwner !== undefined && object.separate !== true) continue;
    if (object.section === "data" || dataKinds.has(object.kind)) {
      object.dependencies.add(preData.dumpId);
      postData.dependencies.add(object.dumpId);
    } else if (object.section === "post-data" || postDataKinds.has(object.kind)) {
      object.dependencies.add(postData.dumpId);
    } else {
      preData.dependencies.add(object.dumpId);
    }
  }
  return { preData, postData };
}
