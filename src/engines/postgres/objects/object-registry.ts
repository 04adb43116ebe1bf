import type { CatalogId } from "../archive/toc-entry.ts";
import { CatalogNumbers } from "./catalog-numbers.ts";
import { DumpIds } from "./dump-ids.ts";
import type { DumpObject, ObjectKind } from "./dump-object.ts";

type Given = "dumpId" | "dependencies";

/**
 * What a reader makes of an object. Kinds that there are ten thousands of have {@link unregistered} fields for what the registry
 * gives: what a literal has no field for, V8 keeps outside of the object, in 50 bytes more that are made anew for each.
 */
export type NewObject<O extends DumpObject> = Omit<O, Given> & Partial<Pick<O, Given>>;

/** Until the registry gives one. */
export const unregistered = 0;

/** All objects of one dump, by dump id and by catalogue identity. */
export class ObjectRegistry {
  /** Dump ids are dense. */
  readonly #byDumpId: (DumpObject | undefined)[] = [];
  /** Dump ids. */
  readonly #byCatalog = new CatalogNumbers();
  readonly #byKind = new Map<ObjectKind, DumpObject[]>();
  #lastDumpId = 0;

  /** A fresh dump id, also for entries that are no objects (comments, privileges). */
  nextDumpId(): number {
    return ++this.#lastDumpId;
  }

  /** The highest that was given. */
  get lastDumpId(): number {
    return this.#lastDumpId;
  }

  /**
   * Registers an object, which is the registry's from then on. The first one of a catalogue identity is the one that pg_depend edges lead to: a table before
   * its data. Pass `findable: false` for the others.
   */
  add<O extends DumpObject>(object: NewObject<O>, options: { readonly findable?: boolean } = {}): O {
    // The literal itself, not a copy: a million objects are not made twice.
    const complete = object as unknown as O;
    const added = complete as { -readonly [Field in Given]: DumpObject[Field] };
    added.dumpId = this.nextDumpId();
    added.dependencies ??= new DumpIds();
    const sameKind = this.#byKind.get(complete.kind);
    if (sameKind === undefined) this.#byKind.set(complete.kind, [complete]);
    else sameKind.push(complete);
    this.#byDumpId[complete.dumpId] = complete;
    const { table, oid } = complete.catalog;
    if (options.findable === false || oid === 0) return complete;
    if (this.#byCatalog.get(table, oid) === 0) this.#byCatalog.set(table, oid, complete.dumpId);
    return complete;
  }

  /** Makes another catalogue identity lead to an object: a view's _RETURN rule to the view, a row type to its table. */
  alias(catalog: CatalogId, object: DumpObject): void {
    this.#byCatalog.set(catalog.table, catalog.oid, object.dumpId);
  }

  find({ table, oid }: CatalogId): DumpObject | undefined {
    return this.at(table, oid);
  }

  /** Like `find`, for those who have no object made of the two. */
  at(table: number, oid: number): DumpObject | undefined {
    return this.#byDumpId[this.#byCatalog.get(table, oid)];
  }

  get(dumpId: number): DumpObject | undefined {
    return this.#byDumpId[dumpId];
  }

  /** In the order in which they were added. */
  ofKind(kind: ObjectKind): readonly DumpObject[] {
    return this.#byKind.get(kind) ?? [];
  }

  all(): DumpObject[] {
    return this.#byDumpId.filter((object) => object !== undefined);
  }
}
