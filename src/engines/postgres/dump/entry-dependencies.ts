import type { DumpObject } from "../objects/dump-object.ts";
import type { ObjectRegistry } from "../objects/object-registry.ts";
import type { PlannedEntry } from "../objects/object-type.ts";
import { changesRole } from "../sql/privilege-statements.ts";
import { quoteIdentifier } from "../sql/quote.ts";

/** What a table of contents says of an entry's place among the others. */
type SeenEntry = Pick<PlannedEntry, "dumpId" | "desc" | "tag" | "namespace" | "definition">;

/**
 * The dependencies of the entries of one archive. Each entry is shown to it once; when all were, it answers for each. Holds next to nothing
 * of them.
 */
export class EntryDependencies {
  readonly #registry: ObjectRegistry;
  /** By dump id. */
  #written = new Uint8Array(1024);
  /** Dump ids of the privileges of schemas, by their tags. */
  readonly #schemaPrivileges = new Map<string, number>();
  /** The schemas of privileges that are granted in another role's name, by dump id. */
  readonly #inOthersName = new Map<number, string>();

  constructor(registry: ObjectRegistry) {
    this.#registry = registry;
  }

  see({ dumpId, desc, tag, namespace, definition }: SeenEntry): void {
    if (dumpId >= this.#written.length) this.#grow(dumpId);
    this.#written[dumpId] = 1;
    if (desc !== "ACL") return;
    if (tag.startsWith("SCHEMA ")) this.#schemaPrivileges.set(tag, dumpId);
    if (namespace !== null && definition?.includes(changesRole)) this.#inOthersName.set(dumpId, namespace);
  }

  /**
   * Those of an object's own entry are the entries it needs. Objects that have no entry (boundaries, inline parts, system objects) are
   * replaced by what they depend on themselves.
   * @param own what the entry says itself
   */
  of(dumpId: number, own: readonly number[]): readonly number[] {
    const object = this.#registry.get(dumpId);
    const privileges = this.#schemaPrivilegesFor(dumpId);
    const found =
      object === undefined || object.dependencies.size === 0
        ? own
        : (onlyWritten(own, object, this.#registry, this.#written) ??
          replacedByWritten(own, object, this.#registry, this.#written));
    return privileges === undefined ? found : [...found, privileges];
  }

  /**
   * Privileges that somebody else than the owner granted are restored in that role's name, who must be allowed to use the
   * schema first. One after another that is so anyhow; several jobs of pg_restore would take them in any order.
   */
  #schemaPrivilegesFor(dumpId: number): number | undefined {
    const schema = this.#inOthersName.get(dumpId);
    return schema === undefined ? undefined : this.#schemaPrivileges.get(`SCHEMA ${quoteIdentifier(schema)}`);
  }

  #grow(dumpId: number): void {
    const larger = new Uint8Array(Math.max(dumpId + 1, this.#written.length * 2));
    larger.set(this.#written);
    this.#written = larger;
  }
}

/** Among more ids than these a set finds one faster. */
const mostToSearch = 16;

/**
 * The dependencies of an entry when all that its object needs has entries (`written`, by dump id), as of most objects. Undefined when
 * others are among them.
 */
function onlyWritten(
  own: readonly number[],
  object: DumpObject,
  registry: ObjectRegistry,
  written: Uint8Array,
): number[] | undefined {
  if (object.dependencies.size > mostToSearch) return undefined;
  const found = [...own];
  let isOnly = true;
  object.dependencies.forEach((id) => {
    if (written[id] !== 1) isOnly &&= isNothing(registry.get(id));
    else if (id !== object.dumpId && !found.includes(id)) found.push(id);
  });
  // A copy has room for what it holds; what was pushed to, for more.
  return isOnly ? found.slice() : undefined;
}

/** Boundaries order the sections; as dependencies they would tie everything to everything. */
function isNothing(object: DumpObject | undefined): boolean {
  return object === undefined || object.kind === "pre-data-boundary" || object.kind === "post-data-boundary";
}

function replacedByWritten(
  own: readonly number[],
  object: DumpObject,
  registry: ObjectRegistry,
  written: Uint8Array,
): number[] {
  const found = new Set<number>(own);
  collectWritten(object, registry, written, found);
  found.delete(object.dumpId);
  return [...found];
}

function collectWritten(object: DumpObject, registry: ObjectRegistry, written: Uint8Array, found: Set<number>): void {
  const waiting = replaced(object.dependencies, registry, written, found);
  if (waiting.length === 0) return;
  const seen = new Set([object.dumpId, ...object.dependencies]);
  while (waiting.length > 0) {
    const unseen = [...waiting.pop()!.dependencies].filter((id) => !seen.has(id));
    for (const id of unseen) seen.add(id);
    for (const other of replaced(unseen, registry, written, found)) waiting.push(other);
  }
}

/** Adds those that have entries (`written`, by dump id) to `found`; answers the others, whose own dependencies take their place. */
function replaced(
  ids: Iterable<number>,
  registry: ObjectRegistry,
  written: Uint8Array,
  found: Set<number>,
): DumpObject[] {
  const others: DumpObject[] = [];
  for (const id of ids) {
    if (written[id] === 1) {
      found.add(id);
      continue;
    }
    const needed = registry.get(id);
    if (!isNothing(needed)) others.push(needed!);
  }
  return others;
}
