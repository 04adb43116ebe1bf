import type { SurveyedWith } from "../../../ports/backup-survey.ts";
import { RowScanner } from "../../../wire/postgres/row-scanner.ts";
import type { ForgivingFiles } from "../../common/forgiving-files.ts";
import { archiveDamage } from "../archive/archive-damage.ts";
import { largeObjectFile } from "../archive/archive-files.ts";
import type { ArchiveFolderReader } from "../archive/archive-folder-reader.ts";
import { fileSuffixes } from "../archive/folder-file.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import { type ArchiveSurvey, SurveyNotes } from "./archive-survey.ts";
import { problemOf, rowsProblem } from "./block-problem.ts";

/**
 * Looks for what is whole in an archive in directory format: each table and each large object has a file of its own.
 * @param files those that the reader reads
 * @throws BackupError DAMAGED when the table of contents is not proved
 */
export async function surveyFolder(
  reader: ArchiveFolderReader,
  files: ForgivingFiles,
  known: SurveyedWith,
  signal: AbortSignal,
): Promise<ArchiveSurvey> {
  const { contentsFile } = reader;
  const [hole] = files.holesOf(contentsFile);
  if (hole !== undefined) throw archiveDamage(`its table of contents cannot be read (${hole.message})`, hole.from);
  const notes = new SurveyNotes(reader);
  const scanner = new RowScanner();
  const check = { notes, scanner, ...known };
  for (const entry of reader.withData) {
    signal.throwIfAborted();
    const isWhole = await (entry.desc === "BLOBS"
      ? areObjectsWhole(reader, entry, files, notes)
      : isFileWhole(files, notes, { name: reader.dataFile(entry), object: notes.nameOf(entry.dumpId) }, async () => {
          const block = await reader.openBlock(entry.dumpId);
          return block.kind === "table-data" ? await rowsProblem(block.chunks(), { entry, ...check }) : undefined;
        }));
    if (isWhole)
      notes.whole.set(entry.dumpId, { position: 0, storedBytes: storedBytes(files, reader.dataFile(entry)) });
  }
  return notes.result({ areDefinitionsUnproved: false, contentsFile });
}

function storedBytes(files: ForgivingFiles, name: string): number {
  return Math.max(...fileSuffixes.map(({ suffix }) => files.sizes.get(name + suffix) ?? 0));
}

async function areObjectsWhole(
  reader: ArchiveFolderReader,
  entry: TocEntry,
  files: ForgivingFiles,
  notes: SurveyNotes,
): Promise<boolean> {
  let areWhole = true;
  const list = { name: reader.dataFile(entry), object: `list of ${notes.nameOf(entry.dumpId)}` };
  const isListWhole = await isFileWhole(files, notes, list, async () => {
    const block = await reader.openBlock(entry.dumpId);
    if (block.kind !== "large-objects") return undefined;
    const objects = block.objects()[Symbol.asyncIterator]();
    for (;;) {
      let oid: number | undefined;
      const file = { name: list.name, object: list.object };
      const isWhole = await isFileWhole(files, notes, file, async () => {
        const { value, done } = await objects.next();
        if (done === true) return undefined;
        oid = value.oid;
        file.name = largeObjectFile(value.oid);
        file.object = `large object ${value.oid}`;
        for await (const _ of value.chunks());
        return undefined;
      });
      if (!isWhole) notes.noteOther(entry.dumpId, file.object);
      areWhole &&= isWhole;
      // A file that is missing ends the list's reader, too.
      if (oid === undefined) return undefined;
    }
  });
  return areWhole && isListWhole;
}

/** Reads one file, and notes where it is damaged. `file` may be told only while it is read. */
async function isFileWhole(
  files: ForgivingFiles,
  notes: SurveyNotes,
  file: { readonly name: string; readonly object: string },
  read: () => Promise<string | undefined>,
): Promise<boolean> {
  const problem = await problemOf(read);
  const stored = fileSuffixes.map(({ suffix }) => file.name + suffix).find((name) => files.sizes.has(name));
  const holes = stored === undefined ? [] : files.holesOf(stored);
  for (const hole of holes) notes.place({ file: stored!, ...hole, object: file.object });
  if (holes.length === 0 && problem !== undefined) {
    const to = stored === undefined ? 0 : files.sizes.get(stored)!;
    notes.place({ file: stored ?? file.name, from: 0, to, object: file.object, message: problem });
  }
  return holes.length === 0 && problem === undefined;
}
