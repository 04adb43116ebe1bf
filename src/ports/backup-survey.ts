import type { ExpectedRows, TableKey } from "./restore.ts";

/** More damaged places than this are counted, not kept. */
export const maxListedPlaces = 100;

/** A range of bytes of a backup in which something is not what was written. */
export interface DamagedPlace {
  /** Of a backup that is a folder: the file, as it is called before it is encrypted. */
  readonly file?: string;
  /** In the file before it was encrypted: its first byte, and that behind its last. The same: something is missing there. */
  readonly from: number;
  readonly to: number;
  /** What lies there, or is thought to: `table "a"."b"`. */
  readonly object: string;
  readonly message: string;
}

export interface SurveyedTable {
  /** Of a backup with several: its database. */
  readonly database?: string;
  readonly schema: string;
  readonly name: string;
}

/** What is whole in a damaged backup, and what is not. */
export interface BackupSurvey {
  /** At most {@link maxListedPlaces}. */
  readonly places: readonly DamagedPlace[];
  readonly morePlaces: number;
  /** Tables with rows of their own in the backup. */
  readonly tables: number;
  readonly damagedTables: readonly SurveyedTable[];
  /** Other data that is not whole, for people: `large object 1000`. */
  readonly damagedOthers: readonly string[];
  /**
   * The file that the definitions are in, of a folder; of other backups undefined. When it was changed nothing that it says can be
   * believed.
   */
  readonly contentsFile?: string;
  /** Why nothing that the definitions say can be believed; undefined: they may be what was written. */
  readonly unusable?: string;
  /** Whether a restore can leave out what is damaged. */
  readonly canBeSalvaged: boolean;
  /** Nobody but the hash of the whole can tell whether the definitions are what was written. */
  readonly areDefinitionsUnproved: boolean;
}

/** What the restore of a damaged backup makes otherwise than the backup defines it, for people. */
export interface SalvageNotes {
  /** Tables that it leaves empty, since their rows are damaged. */
  readonly empty: readonly string[];
  /** What it leaves out or makes otherwise, with the reason. */
  readonly changed: readonly string[];
}

/** What of the metadata is compared. */
export interface SurveyedWith {
  readonly expectedRows?: ReadonlyMap<TableKey, ExpectedRows>;
}
