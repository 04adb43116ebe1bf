import { BackupError } from "../../../core/backup-error.ts";
import type { BackupFiles } from "../../../ports/backup-files.ts";
import { INDEX_FILE } from "../directory/directory-index.ts";

/** A file of rows: INSERT statements, or a LOAD DATA LOCAL of a file beside it. */
export interface MydumperFile {
  readonly file: string;
  /** As it is stored. */
  readonly bytes: number;
}

/** What a folder of mydumper holds of a table or view, by the names of its files. */
export interface MydumperTable {
  /** As it stands in the names: not always the table's own name. */
  readonly base: string;
  readonly schema?: string;
  /** Of a view, whose `schema` makes a table that stands in for it. */
  readonly view?: string;
  readonly triggers?: string;
  readonly rows: readonly MydumperFile[];
}

export interface MydumperFolder {
  /** Name of the database in the names of the files. */
  readonly prefix: string;
  readonly create: string | undefined;
  readonly tables: readonly MydumperTable[];
  /** Routines and events, and triggers of newer versions. */
  readonly post: readonly string[];
  readonly sequences: readonly string[];
  /** Files that are not used. */
  readonly unused: readonly string[];
}

/** There when a dump has ended; begun under another name. */
const metadataFile = "metadata";
const unfinishedFile = "metadata.partial";
const compressed = /\.(?:gz|zst)$/;

/** Whether a folder is that of mydumper. */
export function isMydumperFolder({ sizes }: Pick<BackupFiles, "sizes">): boolean {
  if (sizes.has(INDEX_FILE)) return false;
  return sizes.has(metadataFile) || sizes.has(unfinishedFile);
}

/**
 * Sorts the files of a folder by their names, as mydumper 0.10 and newer give them.
 * @throws BackupError DAMAGED for a dump that has not ended, USAGE for one of several databases, FOREIGN_FILE
 */
export function readMydumperFolder({ sizes }: Pick<BackupFiles, "sizes">): MydumperFolder {
  if (!sizes.has(metadataFile) || sizes.has(unfinishedFile)) throw unfinished();
  const names = [...sizes.keys()].toSorted();
  const prefix = onlyDatabase(names);
  const tables = new Map<
    string,
    { -readonly [K in keyof MydumperTable]: MydumperTable[K] } & { rows: MydumperFile[] }
  >();
  const table = (base: string) => {
    const found = tables.get(base) ?? { base, rows: [] };
    tables.set(base, found);
    return found;
  };
  let create: string | undefined;
  const post: string[] = [];
  const sequences: string[] = [];
  const unused: string[] = [];
  for (const file of names) {
    const name = file.replace(compressed, "");
    const own = name.startsWith(`${prefix}.`) ? name.slice(prefix.length + 1) : undefined;
    if (name === `${prefix}-schema-create.sql`) create = file;
    else if (/^-schema-(?:post|triggers|routines|events)\.sql$/.test(afterPrefix(name, prefix))) post.push(file);
    else if (own === undefined) unused.push(file);
    else sortIn(own, file, sizes.get(file)!);
  }
  return { prefix, create, tables: [...tables.values()], post, sequences, unused: unused.filter(isTelling) };

  function sortIn(own: string, file: string, bytes: number): void {
    const [, base = "", kind = ""] = /^(.+?)-schema(?:-(view|triggers|sequence))?\.sql$/.exec(own) ?? [];
    const rows = /^(.+?)(?:\.\d{5,}){0,2}\.sql$/.exec(own)?.[1];
    if (base !== "" && kind === "") table(base).schema = file;
    else if (kind === "view") table(base).view = file;
    else if (kind === "triggers") table(base).triggers = file;
    else if (kind === "sequence") sequences.push(file);
    else if (rows !== undefined) table(rows).rows.push({ file, bytes });
    else unused.push(file);
  }
}

function afterPrefix(name: string, prefix: string): string {
  return name.startsWith(prefix) ? name.slice(prefix.length) : "";
}

/** Rows that a LOAD DATA names, and what only its own loader reads, are no news. */
function isTelling(name: string): boolean {
  return name !== metadataFile && !/\.dat(?:\.gz|\.zst)?$|-metadata$|-checksum(?:\.sql)?$/.test(name);
}

/** The database whose files these are. A file of a definition tells, or one of rows where there is none. */
function onlyDatabase(names: readonly string[]): string {
  const plain = names.map((name) => name.replace(compressed, ""));
  const created = plain.flatMap((name) => /^(.+)-schema-create\.sql$/.exec(name)?.[1] ?? []);
  const others = plain.flatMap((name) => /^([^.]+)\..+\.sql$/.exec(name)?.[1] ?? []);
  const found = new Set(created.length > 0 ? created : others);
  const [prefix] = found;
  if (prefix === undefined) {
    throw new BackupError({
      code: "FOREIGN_FILE",
      message: "the folder has the metadata of mydumper, and no files of a database",
      hint: "name a folder that mydumper has written",
    });
  }
  if (found.size === 1) return prefix;
  throw new BackupError({
    code: "USAGE",
    message: `the folder holds several databases (${[...found].slice(0, 5).join(", ")})`,
    hint: "copy metadata and the files of one of them into a folder of their own, or dump one with mydumper --database",
  });
}

function unfinished(): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `the folder has "${unfinishedFile}": mydumper has not finished this dump`,
    object: unfinishedFile,
    hint: "use a dump that has ended",
  });
}
