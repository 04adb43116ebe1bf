import type { TocEntry } from "../../archive/toc-entry.ts";
import type { NameDecoder } from "../../dump/name-decoder.ts";

/** What an entry of an archive says of its object. Text is Unicode. */
export interface Definition {
  /** Names of the objects that these differences are told of: `function catalog.slug(text)`. */
  readonly object: string;
  readonly owner: string;
  readonly statement: string;
}

/** Definitions by type, schema and name; several where names alone do not tell apart (operators). */
export type Definitions = ReadonlyMap<string, readonly Definition[]>;

/** Settings of a restore, and what is no definition but rows, values, counts. */
const others: ReadonlySet<string> = new Set([
  "ENCODING",
  "STDSTRINGS",
  "SEARCHPATH",
  "DATABASE",
  "DATABASE PROPERTIES",
  "BLOB",
  "BLOB METADATA",
  "MATERIALIZED VIEW DATA",
  "STATISTICS DATA",
]);

/** Which definitions an archive, or a dump that was planned, holds. */
export function definitionsOf(entries: Iterable<TocEntry>, decode: NameDecoder): Definitions {
  const definitions = new Map<string, Definition[]>();
  for (const entry of entries) {
    if (entry.section === "data" || others.has(entry.desc) || isOfOthers(entry)) continue;
    const [schema, tag] = [decode(entry.namespace ?? ""), decode(entry.tag ?? "")];
    const key = `${entry.desc}\0${schema}\0${tag}`;
    const one: Definition = {
      object: `${entry.desc.toLowerCase()} ${schema === "" ? tag : `${schema}.${tag}`}`,
      owner: decode(entry.owner ?? ""),
      statement: decode(entry.definition ?? ""),
    };
    const known = definitions.get(key);
    if (known === undefined) definitions.set(key, [one]);
    else known.push(one);
  }
  return definitions;
}

/** Comments, labels and privileges of databases and large objects. */
function isOfOthers({ tag }: TocEntry): boolean {
  return tag.startsWith("DATABASE ") || tag.startsWith("LARGE OBJECT");
}
