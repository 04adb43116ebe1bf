import type { TocEntry } from "../archive/toc-entry.ts";

const createdTrigger = /^CREATE (?:CONSTRAINT )?TRIGGER ("(?:[^"]|"")+"|\S+) /;
/** Of the copy that a partition has of a trigger above: there is no CREATE. */
const alteredTrigger = /^\s*ALTER [^;]* TRIGGER ("(?:[^"]|"")+"|[^\s;"]+);\s*$/;
/** Of a partitioned table: pg_dump says ONLY of all others. */
const keyOfTree = /^ALTER TABLE (?!ONLY )/;

/**
 * What an entry must come behind although no dependency in the archive says so, pg_dump's neither: copies of triggers in
 * partitions behind the trigger of the root, and foreign keys of partitioned tables in the order of the archive with
 * those of their partitions, since a key that is found there already is taken for the partition's part of the new one.
 */
export class KeptOrder {
  readonly #triggers = new Map<string, number[]>();
  /** By what they depend on: the last foreign key of a partitioned table, and those of other tables since then. */
  readonly #ofTrees = new Map<number, number>();
  readonly #foreignKeys = new Map<number, number[]>();

  /** @param entry the next of the archive; every entry must be asked for once, in its order. */
  *before({ desc, definition, dumpId, dependencies }: TocEntry): Generator<number> {
    if (desc === "TRIGGER") {
      const created = createdTrigger.exec(definition ?? "")?.[1];
      const altered = created === undefined ? alteredTrigger.exec(definition ?? "")?.[1] : undefined;
      if (created !== undefined) addTo(this.#triggers, created, dumpId);
      if (altered !== undefined) yield* this.#triggers.get(altered) ?? [];
    }
    if (desc === "FK CONSTRAINT") {
      const isOfTree = keyOfTree.test(definition ?? "");
      for (const needed of dependencies) {
        const ofTree = this.#ofTrees.get(needed);
        if (ofTree !== undefined) yield ofTree;
        if (!isOfTree) {
          addTo(this.#foreignKeys, needed, dumpId);
          continue;
        }
        yield* this.#foreignKeys.get(needed) ?? [];
        this.#foreignKeys.delete(needed);
        this.#ofTrees.set(needed, dumpId);
      }
    }
  }
}

function addTo<K>(lists: Map<K, number[]>, key: K, dumpId: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [dumpId]);
  else list.push(dumpId);
}
