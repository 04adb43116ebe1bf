import type { FileContents, ResumableProgress, SourceState } from "../../ports/dump.ts";
import type { PendingFolder, Work } from "../../ports/storage.ts";
import type { WrittenArtifact } from "../backup-metadata.ts";
import { type BackupRecord, formatFileNote, formatRecord, formatResumedNote, type NotedFile } from "./backup-notes.ts";

/** What makes a backup the one that it is, also after an interruption. */
export type BackupIdentity = Omit<BackupRecord, "source">;

/** A backup into a folder that can be resumed, or is: its notes say what is done. */
export class ResumableBackup {
  readonly work: Work;
  readonly folder: PendingFolder;
  readonly identity: BackupIdentity;
  /** Files that are there already. */
  readonly kept: readonly WrittenArtifact[];
  readonly progress: ResumableProgress;
  /** When it went on, this time the last. */
  readonly resumed: readonly Date[];
  #hasBegun: boolean;

  /** A new one. */
  static async begin(work: Work, identity: BackupIdentity): Promise<ResumableBackup> {
    try {
      return new ResumableBackup(work, await work.createFolder(), identity, undefined);
    } catch (error) {
      await work.end();
      throw error;
    }
  }

  /** One that goes on. */
  static resume(work: Work, folder: PendingFolder, record: BackupRecord, done: DoneBefore): ResumableBackup {
    return new ResumableBackup(work, folder, record, { ...done, source: record.source });
  }

  private constructor(
    work: Work,
    folder: PendingFolder,
    identity: BackupIdentity,
    before: (DoneBefore & { readonly source: SourceState }) | undefined,
  ) {
    const { files, resumed, source } = before ?? { files: [], resumed: [], source: undefined };
    this.work = work;
    this.folder = folder;
    this.identity = identity;
    this.kept = files.map(({ artifact }) => artifact);
    this.resumed = resumed;
    this.#hasBegun = source !== undefined;
    this.progress = {
      files: new Map(files.map(({ artifact, contents }) => [artifact.name, contents])),
      source,
      begin: (now) => this.#begin(now),
    };
  }

  /** Whether an interruption leaves something that can be resumed. */
  get isKept(): boolean {
    return this.#hasBegun;
  }

  noteOf(artifact: WrittenArtifact, contents: FileContents | undefined): string {
    if (contents === undefined) throw new Error(`nobody told what is in ${artifact.name}`);
    return formatFileNote(artifact, contents);
  }

  async #begin(source: SourceState): Promise<void> {
    const isNew = this.progress.source === undefined;
    const { id, started, database, output, options } = this.identity;
    const record = formatRecord({ id, started, database, output, options, source });
    await this.work.note(isNew ? record : formatResumedNote(this.resumed.at(-1)!));
    this.#hasBegun = true;
  }
}

/** What earlier runs left. */
export interface DoneBefore {
  /** Checked, whole. */
  readonly files: readonly NotedFile[];
  readonly resumed: readonly Date[];
}
