import type { SalvageNotes } from "../../../ports/backup-survey.ts";
import type { DirectoryIndex, DirectoryKind, DirectoryObject } from "../directory/directory-index.ts";
import type { ChosenObjects } from "../restore/directory/chosen-objects.ts";
import type { DirectoryDamage } from "./directory-damage.ts";
import type { ForeignKey } from "./table-references.ts";

/** What is restored of a damaged directory. */
export interface SalvagedChoice extends SalvageNotes {
  readonly chosen: ChosenObjects;
  /** Names of foreign keys that tables are made without, by the names of these. */
  readonly foreignKeys: ReadonlyMap<string, ReadonlySet<string>>;
  /** Sequences that defaults of columns cannot name. */
  readonly sequences: ReadonlySet<string>;
  /** Tables that are there without their rows, or not at all. */
  readonly lacking: ReadonlySet<string>;
  /** Something is not made, so that the server may refuse what needs it. */
  readonly lacksObjects: boolean;
}

/**
 * Takes out of what was chosen the rows and objects that are damaged, and what cannot be without them: triggers of tables
 * that are not made, defaults from sequences, foreign keys from tables with rows to those that lack them. Pure.
 */
export function salvagedChoice(
  { made, loaded, leftOut }: ChosenObjects,
  index: Pick<DirectoryIndex, "database" | "objects">,
  { withoutDefinition, withoutRows, references }: DirectoryDamage,
): SalvagedChoice {
  const changed: string[] = [];
  const lost = made.filter((object) => withoutDefinition.has(object));
  const lostOf = (kind: DirectoryKind): ReadonlySet<string> => namesOf(lost.filter((object) => object.kind === kind));
  const [lostTables, lostViews, lostPackages] = [lostOf("table"), lostOf("view"), lostOf("package")];
  const sequences = lostOf("sequence");

  const isKept = (object: DirectoryObject): boolean => {
    const { kind, name, table = "" } = object;
    if (kind === "stand-in" && lostViews.has(name)) return false;
    if (withoutDefinition.has(object)) changed.push(lostText(object));
    else if (kind === "trigger" && lostTables.has(table)) {
      changed.push(`trigger ${name}: left out, since table "${table}" is left out`);
    } else if (kind === "package-body" && lostPackages.has(name)) {
      changed.push(`package body ${name}: left out, since package "${name}" is left out`);
    } else return true;
    return false;
  };
  const keptObjects = made.filter((object) => isKept(object));
  const withPlace = loaded.filter(({ name }) => !lostTables.has(name));
  const keptRows = withPlace.filter(({ name }) => !withoutRows.has(name));
  const empty = namesOf(withPlace.filter(({ name }) => withoutRows.has(name)));

  const tables = namesOf(index.objects.filter(({ kind }) => kind === "table"));
  const madeTables = namesOf(keptObjects.filter(({ kind }) => kind === "table"));
  const withRows = namesOf(keptRows.filter(({ data }) => data!.rows > 0));
  /** What a key leads to lacks. A table without rows may lead to any that is there. */
  const missingBehind = ({ database = index.database, table }: ForeignKey, from: string): string | undefined => {
    if (database !== index.database) return undefined;
    const referenced = nameIn(tables, table);
    if (lostTables.has(referenced)) return "is left out";
    return withRows.has(from) && empty.has(referenced) ? "lacks rows" : undefined;
  };
  const foreignKeys = new Map<string, ReadonlySet<string>>();
  for (const [name, { foreignKeys: keys, defaults }] of references) {
    const isMade = madeTables.has(name);
    if (!(isMade || withRows.has(name))) continue;
    const without = new Set<string>();
    for (const key of keys) {
      const missing = missingBehind(key, name);
      if (missing === undefined) continue;
      without.add(key.name);
      // Of a table that is there already the key is, too, and nobody looks whether it holds.
      const fate = isMade ? "left out" : "not checked";
      changed.push(`foreign key ${name} ${key.name}: ${fate}, since "${key.table}" ${missing}`);
    }
    if (without.size > 0) foreignKeys.set(name, without);
    for (const { column, sequence } of isMade ? defaults : []) {
      if (!sequences.has(sequence)) continue;
      changed.push(`column ${name} ${column}: without its default, since sequence "${sequence}" is left out`);
    }
  }
  return {
    chosen: { made: keptObjects, loaded: keptRows, leftOut },
    empty: [...empty],
    changed,
    foreignKeys,
    sequences,
    lacking: new Set([...lostTables, ...empty]),
    lacksObjects: keptObjects.length < made.length,
  };
}

function namesOf(objects: readonly DirectoryObject[]): ReadonlySet<string> {
  return new Set(objects.map(({ name }) => name));
}

/** Servers that take large and small letters for the same may name a table in other ones than it has. */
function nameIn(names: ReadonlySet<string>, name: string): string {
  if (names.has(name)) return name;
  const small = name.toLowerCase();
  return [...names].find((one) => one.toLowerCase() === small) ?? name;
}

function lostText({ kind, name }: DirectoryObject): string {
  const ofSeveral = "left out, since their definition is damaged";
  const ofOne = "left out, since its definition is damaged";
  if (kind === "statistics") return `histograms: ${ofSeveral}`;
  if (kind === "database") return `defaults of database ${name}: ${ofSeveral}`;
  if (kind === "stand-in") return `stand-in of view ${name}: ${ofOne}; the view itself is made`;
  return `${kind.replace("-", " ")} ${name}: ${ofOne}`;
}
