import { type DumpObject, objectKinds } from "../objects/dump-object.ts";
import type { ObjectRegistry } from "../objects/object-registry.ts";

/** The two pseudo-objects that keep the sections of an archive apart. */
export interface Boundaries {
  readonly preData: DumpObject;
  readonly postData: DumpObject;
}

/** Where the kinds stand in the order tells their section; statistics go with what they are about and say it themselves. */
const rank = new Map(objectKinds.map((kind, index) => [kind, index]));
const preDataEnd = rank.get("pre-data-boundary")!;
const postDataStart = rank.get("post-data-boundary")!;

function sectionOf({ section, kind }: DumpObject): "pre-data" | "data" | "post-data" {
  if (section !== undefined) return section;
  const place = rank.get(kind)!;
  if (place < preDataEnd) return "pre-data";
  return place < postDataStart ? "data" : "post-data";
}

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
    const section = sectionOf(object);
    if (section === "pre-data") preData.dependencies.add(object.dumpId);
    else object.dependencies.add(section === "data" ? preData.dumpId : postData.dumpId);
    if (section === "data") postData.dependencies.add(object.dumpId);
  }
  return { preData, postData };
}
