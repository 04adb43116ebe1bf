import type { DumpFormat } from "../core/dump-format.ts";
import type { BackupFiles } from "./backup-files.ts";
import type { BackupSurvey, SurveyedWith } from "./backup-survey.ts";
import type { OpenedObject } from "./storage.ts";

/** What is to be decoded: one artifact, or a folder of them. */
export type CheckSource = CheckedFile | CheckedFolder;

/** An artifact, seen from two sides. */
export interface CheckedFile {
  readonly kind: "file";
  /** Any part of it, in any order. */
  readonly object: OpenedObject;
  /** The same bytes, once, front to back. May be left early. */
  stream(): AsyncIterable<Uint8Array>;
  /** When known: how many plain bytes come out of it, before the stages behind the engine. */
  readonly plainSize?: number;
  /** When known: how many plain bytes one table or large object inside an archive may give at most. */
  readonly maxPlainBytes?: number;
}

/** An archive in directory format. */
export interface CheckedFolder {
  readonly kind: "folder";
  readonly files: BackupFiles;
  /** As in {@link CheckedFile}. */
  readonly maxPlainBytes?: number;
}

/** What decoding found in a backup. Names are Unicode, as in metadata. */
export interface CheckedBackup {
  readonly format: DumpFormat;
  /** Empty when the backup does not tell (a script). */
  readonly database: string;
  /** Entries of the table of contents; statements of a script. */
  readonly entries: number;
  /** Entries by their type; unknown for scripts. */
  readonly entryCounts?: ReadonlyMap<string, number>;
  readonly tables: readonly CheckedTable[];
  /** Of an archive: `1.14`. */
  readonly archiveVersion?: string;
  /** Of a script those that pg_dump's statements write; unknown when there are none. */
  readonly largeObjects?: { readonly count: number; readonly bytes: number };
}

export interface CheckedTable {
  readonly schema: string;
  readonly name: string;
  /** Missing where rows are INSERT statements. */
  readonly totals?: {
    readonly rows: number;
    readonly bytes: number;
    /** `rowsum128-v1` */
    readonly checksum: string;
  };
}

/** What knows how to decode backups of one flavour without restoring them. */
export interface BackupChecker {
  /**
   * Decodes every block, counts rows and computes their checksums; memory stays bounded.
   * @throws BackupError DAMAGED with the object it was found in, FOREIGN_FILE when it is no backup of this flavour,
   * UNSUPPORTED_FORMAT
   */
  check(source: CheckSource, signal: AbortSignal): Promise<CheckedBackup>;
  /**
   * The same for an artifact that passes by, front to back. Positions that its table of contents notes are not compared.
   * Each piece is used no more when the next is asked for; the stream may be left early.
   */
  checkStream(stream: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<CheckedBackup>;
  /**
   * Looks for every damaged place of a backup that is known to be damaged, and for what is whole all the same. It goes on
   * behind damage where the format lets it; encrypted files are to be opened as those that are salvaged.
   * @returns undefined for formats of which nothing is known behind the first damage
   * @throws BackupError DAMAGED when nothing of it can be used: its table of contents is damaged
   */
  survey(source: CheckSource, known: SurveyedWith, signal: AbortSignal): Promise<BackupSurvey | undefined>;
}
