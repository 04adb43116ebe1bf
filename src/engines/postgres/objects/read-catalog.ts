import type { Capabilities } from "../capabilities.ts";
import { applyDependencies } from "./apply-dependencies.ts";
import type { CatalogReader, SharedFacts } from "./catalog-reader.ts";
import type { DumpObject } from "./dump-object.ts";
import type { EntryContext } from "./entry-context.ts";
import { objectTypes } from "./index.ts";
import { ObjectRegistry } from "./object-registry.ts";
import type { ObjectType } from "./object-type.ts";
import { type Comments, type RunQuery, readComments, readSecurityLabels, readSharedFacts } from "./shared-facts.ts";

/** Everything read from the catalogues of one database, with dependencies, not yet sorted. */
export interface DatabaseCatalog {
  readonly capabilities: Capabilities;
  readonly shared: SharedFacts;
  readonly comments: Comments;
  readonly securityLabelsOn: EntryContext["securityLabelsOn"];
  readonly registry: ObjectRegistry;
  /** Which type made an object, by dump id. */
  readonly typeOf: ReadonlyMap<number, ObjectType>;
}

/**
 * Reads all object types and their dependencies.
 * @param run runs one query in the dump's snapshot, with an empty search_path.
 */
export async function readCatalog(run: RunQuery, capabilities: Capabilities): Promise<DatabaseCatalog> {
  const registry = new ObjectRegistry();
  const shared = await readSharedFacts(run);
  const comments = await readComments(run);
  const securityLabelsOn = await readSecurityLabels(run);
  const reader: CatalogReader = { capabilities, registry, shared, rows: run };
  const typeOf = new Map<number, ObjectType>();
  const read: { type: ObjectType; objects: readonly DumpObject[] }[] = [];
  for (const type of objectTypes) {
    const objects = await type.read(reader);
    for (const object of objects) typeOf.set(object.dumpId, type);
    read.push({ type, objects });
  }
  await applyDependencies(run, registry, shared);
  for (const { type, objects } of read) type.link?.(objects, registry);
  return { capabilities, shared, comments, securityLabelsOn, registry, typeOf };
}
