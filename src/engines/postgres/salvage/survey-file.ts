import type { SurveyedWith } from "../../../ports/backup-survey.ts";
import { RowScanner } from "../../../wire/postgres/row-scanner.ts";
import { type ForgivingObject, isDamage } from "../../common/forgiving-object.ts";
import { archiveDamage } from "../archive/archive-damage.ts";
import type { ArchiveFileReader } from "../archive/archive-file-reader.ts";
import { ObjectInput } from "../archive/input-bytes.ts";
import { type ArchiveSurvey, SurveyNotes } from "./archive-survey.ts";
import { blockProblem } from "./block-problem.ts";
import { candidateBlocks } from "./candidate-blocks.ts";

/** What was read where a block should begin. */
type Step =
  | { readonly kind: "end" }
  /** `to`: behind it. */
  | { readonly kind: "block"; readonly dumpId: number; readonly to: number; readonly problem: string | undefined }
  /** Where the next one begins is not known. */
  | { readonly kind: "lost"; readonly dumpId: number | undefined; readonly message: string };

/**
 * Looks for what is whole in an archive in custom or tar format. Blocks are walked over; where one does not end at the
 * beginning of another, the next one is looked for: a beginning of a block whose entry is not found yet, whose chain of lengths leads to
 * the beginning of another one or to the end.
 * @param object the reader's own
 * @throws BackupError DAMAGED when the table of contents is not proved
 */
export async function surveyFile(
  reader: ArchiveFileReader,
  object: ForgivingObject,
  known: SurveyedWith,
  signal: AbortSignal,
): Promise<ArchiveSurvey> {
  return await new FileSurvey(reader, object, known, signal).run();
}

class FileSurvey {
  readonly #reader: ArchiveFileReader;
  readonly #object: ForgivingObject;
  readonly #known: SurveyedWith;
  readonly #signal: AbortSignal;
  readonly #notes: SurveyNotes;
  readonly #scanner = new RowScanner();
  /** Entries of large objects, in the order of their blocks: those that were not met yet. */
  readonly #objectsToCome: Set<number>;
  /** Something was found that a changed table of contents explains as well. */
  #mayBeContents = false;
  /** Where the block before began, if it was damaged: its length may be wrong. */
  #doubtful: number | undefined;

  constructor(reader: ArchiveFileReader, object: ForgivingObject, known: SurveyedWith, signal: AbortSignal) {
    this.#reader = reader;
    this.#object = object;
    this.#known = known;
    this.#signal = signal;
    this.#notes = new SurveyNotes(reader);
    this.#objectsToCome = new Set(reader.withData.filter(({ desc }) => desc === "BLOBS").map(({ dumpId }) => dumpId));
  }

  async run(): Promise<ArchiveSurvey> {
    const { dataStart } = this.#reader;
    await this.#object.findHoles(this.#signal);
    const hole = this.#object.holeIn(0, dataStart);
    if (hole !== undefined) throw archiveDamage(`its table of contents cannot be read (${hole.message})`, hole.from);
    for (let position: number | undefined = dataStart; position !== undefined; ) position = await this.#pass(position);
    this.#placeHoles();
    const isSaidOtherwise = !this.#areTablesAsRecorded();
    this.#placeDoubts(isSaidOtherwise);
    const unusable = isSaidOtherwise
      ? "its table of contents does not name the tables that were recorded"
      : "no table is whole, which a changed header explains as well: then large objects would be read wrongly";
    return this.#notes.result({
      areDefinitionsUnproved: this.#object.frames === undefined,
      ...(isSaidOtherwise || this.#isNothingAsSaid() ? { unusable } : {}),
    });
  }

  /** Passes over one block, or over what is lost. @returns where the next one begins */
  async #pass(position: number): Promise<number | undefined> {
    this.#signal.throwIfAborted();
    const step = await this.#read(position);
    if (step.kind === "end") return undefined;
    if (step.kind === "block") {
      this.#doubtful = step.problem === undefined ? undefined : position;
      this.#take(position, step);
      return step.to;
    }
    const next = await this.#next((this.#doubtful ?? position) + 1);
    const to = Math.max(next ?? this.#object.size, position);
    this.#mayBeContents ||= step.dumpId === undefined;
    this.#place(this.#doubtful ?? position, to, step.dumpId, step.message);
    this.#doubtful = undefined;
    return next;
  }

  /** Notes a block whose end is known. */
  #take(from: number, { dumpId, to, problem }: Extract<Step, { kind: "block" }>): void {
    const { whole } = this.#notes;
    this.#objectsToCome.delete(dumpId);
    if (problem !== undefined || this.#object.holeIn(from, to) !== undefined) {
      this.#place(from, to, dumpId, problem ?? "");
      return;
    }
    const first = whole.get(dumpId);
    if (first === undefined) {
      whole.set(dumpId, { position: from, storedBytes: to - from });
      return;
    }
    // One of them is that of another entry, and nobody can tell which.
    whole.delete(dumpId);
    this.#mayBeContents = true;
    this.#place(first.position, to, dumpId, "its data is there twice");
  }

  #place(from: number, to: number, dumpId: number | undefined, message: string): void {
    // What a frame says is more exact.
    if (this.#object.holeIn(from, to) !== undefined) return;
    const object = dumpId === undefined ? "data of the archive" : this.#notes.nameOf(dumpId);
    this.#notes.place({ from, to, object, message });
  }

  /** Damaged frames are places by themselves; what lies in them is what was not found whole. */
  #placeHoles(): void {
    const missing = this.#missing();
    for (const { from, to, message } of this.#object.holes) {
      this.#notes.place({ from, to, object: missing ?? "data of the archive", message });
    }
  }

  #missing(): string | undefined {
    const { damaged } = this.#notes;
    if (damaged.length === 0) return undefined;
    return damaged.length === 1 ? this.#notes.nameOf(damaged[0]!.dumpId) : `data of ${damaged.length} entries`;
  }

  /** Nothing proves a table of contents but the hash of the whole file, or the frames of an encrypted one. */
  #placeDoubts(isSaidOtherwise: boolean): void {
    const { damaged, hasPlaces } = this.#notes;
    const { dataStart } = this.#reader;
    if (this.#object.frames !== undefined) return;
    const isAllDamaged = this.#isNothingAsSaid();
    const isMissing = damaged.length > 0 && !hasPlaces;
    const { size } = this.#object;
    if (isMissing) this.#place(size, size, damaged[0]!.dumpId, "the file ends here, and its data is not in it");
    if (!(this.#mayBeContents || isAllDamaged || isSaidOtherwise || isMissing)) return;
    const message = isSaidOtherwise
      ? "it does not name the tables that the metadata recorded"
      : "what is damaged may also be this: nothing but the hash of the file proves it";
    this.#notes.place({ from: 0, to: dataStart, object: "table of contents", message });
  }

  /** No table is whole, and nothing proves the header, which says how all of them are compressed. */
  #isNothingAsSaid(): boolean {
    if (this.#object.frames !== undefined) return false;
    const tables = this.#reader.withData.filter(({ desc }) => desc !== "BLOBS");
    return tables.length > 0 && tables.every(({ dumpId }) => !this.#notes.whole.has(dumpId));
  }

  #areTablesAsRecorded(): boolean {
    const { expectedRows } = this.#known;
    if (expectedRows === undefined) return true;
    const tables = this.#reader.withData.filter(({ desc, copy }) => desc !== "BLOBS" && copy !== null && copy !== "");
    const names = new Set(tables.map((entry) => Object.values(this.#notes.tableOf(entry)).join("\0")));
    return names.size === expectedRows.size && [...expectedRows.keys()].every((key) => names.has(key));
  }

  async #read(position: number): Promise<Step> {
    const input = new ObjectInput(this.#object, position);
    let dumpId: number | undefined;
    try {
      const block = await this.#reader.framing.nextBlock(input, this.#nextObjects());
      if (block === undefined) return { kind: "end" };
      const entry = this.#reader.entry(block.dumpId);
      if (entry?.hadDumper !== true) throw archiveDamage("a data block belongs to no entry", position);
      dumpId = block.dumpId;
      const { expectedRows } = this.#known;
      const check = { entry, notes: this.#notes, scanner: this.#scanner };
      const problem = await blockProblem(block, { ...check, ...(expectedRows === undefined ? {} : { expectedRows }) });
      await block.skipRest();
      return { kind: "block", dumpId, to: input.position, problem };
    } catch (error) {
      if (!isDamage(error)) throw error;
      return { kind: "lost", dumpId, message: error.message };
    }
  }

  /** Tar tells by the order alone which entry large objects belong to. */
  #nextObjects(): number | undefined {
    const [next] = this.#objectsToCome;
    return next;
  }

  /** The next block that begins here or behind, and leads to another one. */
  async #next(start: number): Promise<number | undefined> {
    const wanted = new Map(this.#notes.damaged.map((entry) => [entry.dumpId, entry]));
    for await (const position of candidateBlocks(this.#reader, this.#object, start, wanted)) {
      this.#signal.throwIfAborted();
      if (await this.#leadsOn(position, wanted)) return position;
    }
    return undefined;
  }

  async #leadsOn(position: number, wanted: ReadonlyMap<number, unknown>): Promise<boolean> {
    const input = new ObjectInput(this.#object, position);
    try {
      const block = await this.#reader.framing.nextBlock(input, this.#nextObjects());
      if (block === undefined || !wanted.has(block.dumpId)) return false;
      await block.skipRest();
      const next = await this.#reader.framing.nextBlock(input, this.#nextObjects());
      return next === undefined || this.#reader.entry(next.dumpId)?.hadDumper === true;
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
    // The one behind it may be damaged as well: then its own data must be what it should be.
    const step = await this.#read(position);
    return step.kind === "block" && step.problem === undefined && this.#known.expectedRows !== undefined;
  }
}
