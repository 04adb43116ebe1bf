import { BackupError } from "../../../../core/backup-error.ts";
import type { RestoreSelection } from "../../../../ports/restore.ts";
import type { TocEntry } from "../../archive/toc-entry.ts";
import type { NameDecoder } from "../../dump/name-decoder.ts";
import { relationTypes, withDependents } from "./relation-dependents.ts";

/** What `--table` means by name alone, as in pg_restore: relations, their rows, their values. */
const ofRelations: ReadonlySet<string> = new Set([
  ...relationTypes,
  "MATERIALIZED VIEW DATA",
  "SEQUENCE SET",
  "TABLE DATA",
]);
const routineTypes: ReadonlySet<string> = new Set(["AGGREGATE", "FUNCTION", "PROCEDURE"]);

/**
 * Dump ids of the entries that names choose, without what describes others (comments, labels, privileges); undefined
 * when no name is given.
 * @throws BackupError NOT_FOUND for a name that nothing in the archive has
 */
export function namedEntries(
  entries: readonly TocEntry[],
  selection: RestoreSelection,
  decode: NameDecoder,
): ReadonlySet<number> | undefined {
  const { tables, indexes = [], functions = [], triggers = [], onlyNamed = false } = selection;
  if (tables.length + indexes.length + functions.length + triggers.length === 0) return undefined;
  const found = new Names(entries, decode);
  const relations = found.take("table", tables, onlyNamed ? ofRelations : relationTypes);
  const chosen = onlyNamed || tables.length === 0 ? new Set(relations) : withDependents(entries, relations);
  for (const id of found.take("index", indexes, new Set(["INDEX"]))) chosen.add(id);
  for (const id of found.take("function", functions, routineTypes, asArgumentsAreWritten)) chosen.add(id);
  for (const id of found.takeTriggers(triggers)) chosen.add(id);
  return chosen;
}

class Names {
  readonly #entries: readonly TocEntry[];
  readonly #decode: NameDecoder;

  constructor(entries: readonly TocEntry[], decode: NameDecoder) {
    this.#entries = entries;
    this.#decode = decode;
  }

  /**
   * Entries of these types whose tag, alone or behind their schema, is one of the names.
   * @param loosen what a name means when nothing is called exactly so
   */
  take(
    kind: string,
    names: readonly string[],
    types: ReadonlySet<string>,
    loosen?: (name: string) => string,
  ): ReadonlySet<number> {
    if (names.length === 0) return new Set();
    const candidates = this.#entries.filter(({ desc }) => types.has(desc));
    const exact = this.#matches(candidates, names, (name) => name);
    const rest = names.filter((name) => !exact.matched.has(name));
    if (rest.length === 0) return exact.ids;
    const loose = loosen === undefined ? undefined : this.#matches(candidates, rest, loosen);
    for (const name of rest) if (loose?.matched.has(name) !== true) throw notInArchive(kind, name);
    return new Set([...exact.ids, ...loose!.ids]);
  }

  #matches(candidates: readonly TocEntry[], names: readonly string[], form: (name: string) => string) {
    const wanted = new Map(names.map((name) => [form(name), name]));
    const ids = new Set<number>();
    const matched = new Set<string>();
    for (const { dumpId, tag, namespace } of candidates) {
      const bare = form(this.#decode(tag));
      for (const name of [wanted.get(bare), wanted.get(`${this.#decode(namespace ?? "")}.${bare}`)]) {
        if (name === undefined) continue;
        ids.add(dumpId);
        matched.add(name);
      }
    }
    return { ids, matched };
  }

  /** By `table trigger`, as listings show them, or by the trigger's name alone. */
  takeTriggers(names: readonly string[]): ReadonlySet<number> {
    if (names.length === 0) return new Set();
    const tagOf = new Map(this.#entries.map(({ dumpId, desc, tag }) => [dumpId, relationTypes.has(desc) ? tag : ""]));
    const found = new Set<number>();
    const missing = new Set(names);
    const wanted = new Set(names);
    for (const { dumpId, desc, tag, namespace, dependencies } of this.#entries) {
      if (desc !== "TRIGGER") continue;
      const table = dependencies.map((id) => tagOf.get(id)).find((name) => name && tag.startsWith(`${name} `));
      const bare = table === undefined ? tag : tag.slice(table.length + 1);
      for (const name of [tag, bare].map(this.#decode)) {
        for (const said of [name, `${this.#decode(namespace ?? "")}.${name}`]) {
          if (!wanted.has(said)) continue;
          found.add(dumpId);
          missing.delete(said);
        }
      }
    }
    const [first] = missing;
    if (first !== undefined) throw notInArchive("trigger", first);
    return found;
  }
}

/** `f(integer,  text)` is `f(integer, text)`. */
function asArgumentsAreWritten(name: string): string {
  return name.replace(/\s*([(),])\s*/g, "$1").replace(/\s+/g, " ");
}

export function notInArchive(kind: string, name: string): BackupError {
  return new BackupError({
    code: "NOT_FOUND",
    message: `the backup holds no ${kind} "${name}"`,
    hint: "names are matched exactly as they are stored; see what it holds with --list",
  });
}
