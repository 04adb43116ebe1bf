import type { FileContents } from "../../../ports/dump.ts";

/** The data of one table or of one large object on its way into an archive. */
export interface DataWriter {
  /**
   * Takes the block over: its memory must not be touched until `recycle` gives it back. Blocks of about 1 MiB are best,
   * and may be cut anywhere.
   */
  write(block: Buffer): Promise<void>;
  /** Ends the data. For a table, adds the end-of-data line. @param contents what was written, as it is to be noted */
  end(contents?: FileContents): Promise<void>;
}

/** The large objects of one BLOBS entry. */
export interface LargeObjectsWriter {
  /** Takes an object whose content is there already, of the dump that this one resumes; undefined when it is not. */
  keep?(oid: number): FileContents | undefined;
  /** One object at a time: `end` the one before first. */
  openObject(oid: number): Promise<DataWriter>;
  end(): Promise<void>;
}

/**
 * An archive or a script in the making. The table of contents is known from the start; data comes in the order of
 * `dataOrder`, one entry at a time. After a failure the output is worthless: stop, and remove it.
 */
export interface ArchiveWriter {
  /** Dump ids of the entries with data that is not there already, in the order in which they must be opened. */
  readonly dataOrder: readonly number[];
  /** Begins the data of a TABLE DATA entry. */
  openTableData(dumpId: number): Promise<DataWriter>;
  /** Begins the data of a BLOBS entry. */
  openLargeObjects(dumpId: number): Promise<LargeObjectsWriter>;
  /** Writes what is left. The sink stays open. */
  finish(): Promise<void>;
}
