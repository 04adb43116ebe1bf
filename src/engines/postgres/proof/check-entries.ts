import { counted, formatCount } from "../../../core/counted.ts";
import type { ContentsEntry } from "../../../ports/restore.ts";
import type { PromisedContents, ProofDamage, ProofFindings } from "../../../ports/restore-proof.ts";

/** What stands for data, or for the database, or is no object. */
const notCompared: ReadonlySet<string> = new Set([
  "BLOB",
  "BLOB COMMENTS",
  "BLOB METADATA",
  "BLOBS",
  "DATABASE",
  "DATABASE PROPERTIES",
  "ENCODING",
  "MATERIALIZED VIEW DATA",
  "SEARCHPATH",
  "STATISTICS DATA",
  "STDSTRINGS",
  "TABLE DATA",
]);

/** A restore may leave them out, with the roles that they are about. */
const aboutRoles: ReadonlySet<string> = new Set(["ACL", "DEFAULT ACL"]);

export interface EntryComparison {
  readonly promised: PromisedContents;
  /** What a dump of the restored database holds. */
  readonly found: readonly ContentsEntry[];
  /** The server is of the major version that the backup was made of: then names are the same. */
  readonly isSameMajor: boolean;
}

/**
 * Whether everything that the backup held is in the restored database: by the names in its table of contents, and by the
 * numbers that were recorded when it was written. What a restore says of itself is not asked. Pure.
 */
export function checkEntries({ promised, found, isSameMajor }: EntryComparison): ProofFindings {
  const isWanted = ({ type, name }: Pick<ContentsEntry, "type" | "name">): boolean =>
    !notCompared.has(type) && !name.startsWith("DATABASE ") && !(promised.withoutRoles && aboutRoles.has(type));
  const wanted = promised.contents.entries?.filter(isWanted);
  const there = found.filter(isWanted);
  const lost = wanted === undefined ? [] : missingEntries(wanted, there);
  const damage = [
    ...(wanted === undefined ? fewerThanRecorded(promised, there) : fewerInArchive(promised)),
    ...(isSameMajor ? lost : []),
    ...(wanted === undefined ? [] : otherValues(wanted, there)),
  ];
  const notes =
    isSameMajor || lost.length === 0
      ? []
      : [
          `${counted(lost.length, "entry", "entries")} of the backup is not found by its name on this server, which is of another major version (first: ${lost[0]!.object})`,
        ];
  return { counts: { objects: wanted?.length ?? there.length }, damage, notes };
}

/** The archive itself holds less than was written into it. */
function fewerInArchive({ entries, contents }: PromisedContents): ProofDamage[] {
  const counts = countByType(contents.entries ?? []);
  return [...(entries ?? [])].flatMap(([type, count]) => {
    const held = counts.get(type) ?? 0;
    return held === count
      ? []
      : [{ object: `entries of type ${type}`, message: countMessage(held, count, "the archive") }];
  });
}

/** A script has no table of contents: what was recorded is all there is to hold against. */
function fewerThanRecorded({ entries, isPartial, withoutRoles }: PromisedContents, there: readonly ContentsEntry[]) {
  if (isPartial) return [];
  const counts = countByType(there);
  return [...(entries ?? [])].flatMap(([type, count]): ProofDamage[] => {
    if (notCompared.has(type) || aboutDatabase.has(type) || (withoutRoles && aboutRoles.has(type))) return [];
    const held = counts.get(type) ?? 0;
    return held >= count
      ? []
      : [{ object: `entries of type ${type}`, message: countMessage(held, count, "the restored database") }];
  });
}

/** Of these, some may be about the database itself, which scripts leave out. */
const aboutDatabase: ReadonlySet<string> = new Set(["ACL", "COMMENT", "SECURITY LABEL"]);

const countMessage = (held: number, count: number, where: string): string =>
  `${where} holds ${formatCount(held)} instead of the ${formatCount(count)} that were backed up`;

function countByType(entries: readonly ContentsEntry[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { type } of entries) counts.set(type, (counts.get(type) ?? 0) + 1);
  return counts;
}

function missingEntries(wanted: readonly ContentsEntry[], there: readonly ContentsEntry[]): ProofDamage[] {
  const exact = new Map<string, number>();
  for (const entry of there) exact.set(keyOf(entry), (exact.get(keyOf(entry)) ?? 0) + 1);
  const lost = wanted.filter((entry) => {
    const left = exact.get(keyOf(entry)) ?? 0;
    exact.set(keyOf(entry), left - 1);
    return left <= 0;
  });
  if (lost.length === 0) return [];
  const loose = new Set(there.map(looseKeyOf));
  return lost
    .filter((entry) => !onTables.has(entry.type) || entry.name.includes(" ") || !loose.has(looseKeyOf(entry)))
    .map((entry) => ({ object: shownName(entry), message: "the backup has it, and it is not there" }));
}

/** Older programs give them shorter tags: the name of a trigger without that of its table. */
const onTables: ReadonlySet<string> = new Set([
  "CHECK CONSTRAINT",
  "CONSTRAINT",
  "DEFAULT",
  "FK CONSTRAINT",
  "POLICY",
  "RULE",
  "TRIGGER",
]);

/** What was set, and not made: sequences stand where they stood. */
function otherValues(wanted: readonly ContentsEntry[], there: readonly ContentsEntry[]): ProofDamage[] {
  const values = new Map(there.flatMap((entry) => (entry.value === undefined ? [] : [[keyOf(entry), entry.value]])));
  return wanted.flatMap((entry) => {
    const found = values.get(keyOf(entry));
    if (entry.value === undefined || found === undefined || setval(found) === setval(entry.value)) return [];
    return [{ object: shownName(entry), message: `it is at ${setval(found)} instead of ${setval(entry.value)}` }];
  });
}

/** `42, true` of `SELECT pg_catalog.setval('public.s', 42, true);` */
function setval(statement: string): string {
  return /, (-?\d+, (?:true|false))\);\s*$/.exec(statement)?.[1] ?? statement;
}

/** Quotes in tags depend on who wrote them. */
const keyOf = ({ type, schema, name }: ContentsEntry): string => `${type}\0${schema}\0${name.replaceAll('"', "")}`;
const looseKeyOf = ({ type, schema, name }: ContentsEntry): string =>
  `${type}\0${schema}\0${name.slice(name.lastIndexOf(" ") + 1).replaceAll('"', "")}`;

const shownName = ({ type, schema, name }: ContentsEntry): string =>
  `${type} ${schema === "" ? "" : `${schema}.`}${name}`;
