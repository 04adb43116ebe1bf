/**
 * An entry of an archive's table of contents, as pg_dump's custom, directory and tar formats hold it and as the plain
 * format prints it. All text is binary strings: one UTF-16 unit per byte of the dump's encoding.
 * Source of the format: PostgreSQL's pg_backup_archiver.c (archive versions 1.12 to 1.16).
 */
export interface TocEntry {
  /** Unique in the archive, > 0. */
  readonly dumpId: number;
  /** Whether the entry owns a data block. */
  readonly hadDumper: boolean;
  /** OID of the system catalogue and of the row in it; 0 and 0 when there is none. */
  readonly catalog: CatalogId;
  /** Object name; composite for some kinds: `table name`, `f(integer)`, `TABLE t`. */
  readonly tag: string;
  /** Type keyword: `TABLE`, `TABLE DATA`, `FK CONSTRAINT`, ... */
  readonly desc: string;
  readonly section: Section;
  /** SQL that creates it, every statement ended by `;\n`. Null for data entries. */
  readonly definition: string | null;
  /** SQL that drops it. Null or empty: not dropped by itself, and never the subject of ALTER ... OWNER. */
  readonly drop: string | null;
  /** `COPY schema.table (columns) FROM stdin;\n`, or null. */
  readonly copy: string | null;
  readonly namespace: string | null;
  /** `""` is the default tablespace; null means that this kind of object has none. */
  readonly tablespace: string | null;
  readonly tableAccessMethod: string | null;
  /** `pg_class.relkind` of a relation, else `""`. Written from archive version 1.16 on. */
  readonly relkind: string;
  readonly owner: string | null;
  /** Dump ids of entries that must be restored before. */
  readonly dependencies: readonly number[];
}

/** Identity of a catalogue row: as `pg_depend` names objects. */
export interface CatalogId {
  /** OID of the catalogue (1259 is pg_class). */
  readonly table: number;
  readonly oid: number;
}

export type Section = "none" | "pre-data" | "data" | "post-data";
