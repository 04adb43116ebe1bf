import type { DecodedContents } from "./archive-contents.ts";
import { archiveDamage } from "./archive-damage.ts";
import { firstMinorWith } from "./archive-version.ts";
import type { TocEntry } from "./toc-entry.ts";

/** Names of the files of an archive in directory format, and of the members of one in tar format. */
export const tocFile = "toc.dat";
export const restoreScriptFile = "restore.sql";

export function tableDataFile(dumpId: number): string {
  return `${dumpId}.dat`;
}

export function largeObjectFile(oid: number): string {
  return `blob_${oid}.dat`;
}

/** The list of the large objects of a BLOBS entry; before 1.16 there is one such entry at most. */
export function largeObjectList(dumpId: number, minor: number): string {
  return minor >= firstMinorWith.relkind ? `blobs_${dumpId}.toc` : "blobs.toc";
}

/** One line of such a list. */
export function largeObjectLine(oid: number): string {
  return `${oid} ${largeObjectFile(oid)}\n`;
}

/** The large object whose content a file has by its name; undefined when it is the name of something else. */
export function largeObjectOf(fileName: string): number | undefined {
  const oid = Number(/^blob_([1-9]\d{0,9})\.dat$/.exec(fileName)?.[1]);
  return oid < 2 ** 32 ? oid : undefined;
}

/**
 * Files of TABLE DATA entries, by name. The names come from a stranger: they are what pg_dump writes, one for each entry.
 * @throws BackupError DAMAGED
 */
export function tableDataFiles({ entries, fileNames }: DecodedContents): Map<string, TocEntry> {
  const files = new Map<string, TocEntry>();
  for (const entry of entries) {
    if (!entry.hadDumper || entry.desc === "BLOBS") continue;
    const name = fileNames.get(entry.dumpId) ?? "";
    if (!/^\d{1,10}\.dat$/.test(name) || files.has(name)) {
      throw archiveDamage(`entry ${entry.dumpId} names no file of its own for its data,`, 0);
    }
    files.set(name, entry);
  }
  return files;
}
