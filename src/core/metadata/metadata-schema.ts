import * as v from "valibot";
import { isSafeRelativePath } from "../safe-path.ts";
import { SELF_HASH_FIELD } from "./self-hash.ts";

const text = (description: string) => v.pipe(v.string(), v.description(description));
const count = (description: string) =>
  v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER), v.description(description));
const sha256 = (description: string) => v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/), v.description(description));
const base64 = (description: string) =>
  v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]+={0,2}$/), v.description(description));
const time = (description: string) =>
  v.pipe(
    v.string(),
    v.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/),
    v.description(description),
  );

/** `version` of what we write; earlier programs wrote 1 to 3. */
export const METADATA_VERSION = "4.0";

/** A stored object of a backup. */
const artifactSchema = v.looseObject({
  name: v.pipe(
    v.string(),
    v.check(isSafeRelativePath, "a path that leads out of the repository"),
    v.description("Path relative to the folder of the metadata, with / between safe components"),
  ),
  size: count("Bytes as stored"),
  sha256: v.optional(sha256("SHA-256 of the bytes as stored")),
  plain_size: v.optional(
    count("Bytes before the stages behind the engine (compression of a plain script, encryption)"),
  ),
  plain_sha256: v.optional(sha256("SHA-256 of those bytes")),
  header: v.optional(base64("Of an encrypted artifact: its header, so that it survives damage")),
});

/** Data of one object as it went into the backup. */
const objectSchema = v.looseObject({
  type: text("`table`, `large-objects`; others may come"),
  schema: v.optional(v.string()),
  name: v.optional(v.string()),
  rows: count("Rows; for large objects, how many"),
  bytes: count("Bytes of the rows as dumped, before compression"),
  rows_chosen: v.optional(count("Of a sample: rows that were chosen")),
  rows_referenced: v.optional(
    count("Of a sample: rows that came along, since others refer to them through foreign keys"),
  ),
  rows_as: v.optional(
    text("`inserts`: written as INSERT statements; bytes and checksum are those of the rows as COPY text"),
  ),
  row_history: v.optional(
    v.pipe(v.boolean(), v.description("MariaDB: old versions of rows of a system-versioned table are among them")),
  ),
  checksum: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[0-9a-f]{32}$/),
      v.description("Checksum of the rows, independent of their order, of the kind that `checksum_type` names"),
    ),
  ),
});

const notIncludedSchema = v.looseObject({
  kind: text("A stable word: `roles`, `tablespaces`, `replication-slots`, ..."),
  count: count("How many of them the server holds"),
  examples: v.optional(v.array(v.string())),
  hint: v.optional(text("How to keep them")),
});

/** A database of a cluster backup. Its own metadata lies beside its artifact. */
const databaseSchema = v.looseObject({
  name: text("Name of the database"),
  id: text("`id` of its own metadata"),
  artifact: v.pipe(
    v.string(),
    v.check(isSafeRelativePath, "a path that leads out of the repository"),
    v.description("Name of its artifact, one of `artifacts`; its metadata is the one with `.meta.json` behind"),
  ),
  size_bytes: count("Bytes of the artifact, as stored"),
  tables: count("Tables whose data is in it"),
  rows: count("Rows in all of them"),
});

/** Another backup, and which one it is. */
const linkSchema = v.looseObject({
  id: text("Its `id`"),
  sha256: sha256("SHA-256 of its `sealed`, decoded from base64"),
});

const failedDatabaseSchema = v.looseObject({
  name: text("Name of the database"),
  message: text("Why it is not in it"),
});

/**
 * Metadata of one backup, stored beside it as `NAME.meta.json`; its existence is what makes the backup exist. The first
 * names are those of dbbackup 2 and 3. Later versions only add: readers keep and ignore what they do not know. Required
 * is what also stands in the clear beside an encrypted backup.
 */
export const metadataSchema = v.looseObject({
  version: text("Version of this family of files, as earlier programs compare it: `4.0`"),
  timestamp: time("When the backup began"),
  database: text("Name of the database"),
  database_type: v.optional(text("`postgresql`, `mysql`, `mariadb`")),
  database_version: v.optional(text("What the server says of its version")),
  host: v.optional(v.string()),
  port: v.optional(count("Port of the server")),
  user: v.optional(v.string()),
  backup_file: v.optional(text("Name of the artifact, or of the folder that holds all of them")),
  size_bytes: count("Sum of the sizes of all artifacts, as stored"),
  sha256: v.optional(sha256("SHA-256 of the stored bytes, when there is one artifact")),
  compression: v.optional(text("`none`, `gzip-4`, `zstd-3`, `lz4-1`")),
  backup_type: text("`full`, `incremental`, `differential`, `sample`"),
  sample: v.optional(
    v.looseObject({
      kind: text("How rows were chosen: `ratio`: one of `value`; `percent`; `count`: of each table so many, at most"),
      value: v.pipe(v.number(), v.minValue(0)),
      seed: count("The same seed on the same rows chooses the same ones"),
    }),
  ),
  base_backup: v.optional(text("`id` of the backup that this one needs")),
  duration_seconds: v.optional(v.pipe(v.number(), v.minValue(0))),
  resumed: v.optional(
    v.pipe(
      v.array(time("When")),
      v.description(
        "Of a backup that was interrupted: when it went on, each time; `duration_seconds` is that of the last run",
      ),
    ),
  ),
  encrypted: v.optional(v.boolean()),
  encryption_algorithm: v.optional(v.string()),
  sealed: v.optional(
    base64(
      "Of an encrypted backup: all of its metadata, as an encrypted file; beside it stands only what everybody may read",
    ),
  ),

  sequence: v.optional(
    v.pipe(count("Of an encrypted backup in a repository: one more than the highest that was there"), v.minValue(1)),
  ),
  previous: v.optional(v.pipe(linkSchema, v.description("The encrypted backup that it was made behind"))),
  merged: v.optional(
    v.pipe(v.array(linkSchema), v.description("Others that nothing stood behind yet: those of runs at the same time")),
  ),
  re_encrypted: v.optional(
    v.pipe(
      v.looseObject({ from: text("`id` of the backup that it was made of"), at: time("When") }),
      v.description("Of a backup whose files were encrypted again, with new keys: the rest is what it was"),
    ),
  ),
  signature: v.optional(
    v.pipe(
      v.looseObject({
        key: text("Public key of the writer: `ed25519:` and base64"),
        value: base64("Ed25519 of all other fields"),
      }),
      v.description("Of an encrypted backup, sealed: who wrote it"),
    ),
  ),

  id: text("Unique name of the backup, a UUID of version 7"),
  format_version: count("Version of this format: 1; 0 for files of dbbackup 2 and 3"),
  method: v.optional(text("`logical` or `physical`")),
  scope: v.optional(
    text(
      "`cluster`: a server with its globals and databases, each of which has metadata of its own; else one database",
    ),
  ),
  part_of: v.optional(text("`id` of the cluster backup that this one belongs to")),
  globals: v.optional(
    v.looseObject({
      artifact: text("Name of the script, one of `artifacts`"),
      roles: count("Roles in it; of MySQL and MariaDB: accounts and roles"),
      tablespaces: count("Tablespaces in it"),
    }),
  ),
  databases: v.optional(v.array(databaseSchema)),
  failed_databases: v.optional(v.array(failedDatabaseSchema)),
  format: v.optional(text("`custom`, `plain`, `directory`, `tar`, `sql`")),
  tool: v.optional(v.looseObject({ name: v.string(), version: v.string() })),
  engine: v.optional(
    v.looseObject({
      name: text("`tools`: the server's own programs; absent when `tool` itself read the database"),
      version: text("Which one: `pg_dump 18.7 (Debian 18.7-1)`"),
    }),
  ),
  source: v.optional(
    v.looseObject({
      system_identifier: v.optional(text("PostgreSQL's system identifier")),
      server_uuid: v.optional(text("MySQL's server_uuid")),
      encoding: v.optional(text("Encoding of the database")),
    }),
  ),
  consistency: v.optional(
    v.looseObject({
      snapshot_lsn: v.optional(text("PostgreSQL: log position at which the snapshot was taken")),
      snapshot_xmin: v.optional(text("PostgreSQL: oldest transaction that was running when the snapshot was taken")),
      snapshot_seconds: v.optional(v.pipe(v.number(), v.minValue(0), v.description("How long the snapshot was open"))),
      snapshot_transactions: v.optional(
        count("PostgreSQL: transactions since `snapshot_xmin`, whose dead rows vacuum had to keep meanwhile"),
      ),
      method: v.optional(
        text(
          "MySQL, MariaDB: how all was read from one state: `backup-stages` and `global-read-lock` stopped commits for a moment; `lock-free`: one session, whose place in the binary log the server told; `snapshot`: one session, place not known",
        ),
      ),
      locked_seconds: v.optional(
        v.pipe(v.number(), v.minValue(0), v.description("MySQL, MariaDB: how long nobody else could commit")),
      ),
      binlog_file: v.optional(text("MySQL, MariaDB: the snapshot stands for a place in this file of the binary log")),
      binlog_position: v.optional(count("Position in that file")),
      gtid_set: v.optional(text("All transactions up to there")),
    }),
  ),
  encoding: v.optional(text("Encoding of all text in the backup, when it is not that of the database")),
  artifacts: v.pipe(v.array(artifactSchema), v.minLength(1)),
  archive_version: v.optional(text("PostgreSQL archives: version of the archive format, `1.14`")),
  checksum_type: v.optional(text("Kind of the checksums in `objects`: `rowsum128-v1`")),
  row_settings: v.optional(
    v.pipe(
      v.record(v.string(), v.string()),
      v.description("Settings that the text of rows hangs on, and so their checksums: `TimeZone`, `lc_monetary`"),
    ),
  ),
  entries: v.optional(
    v.pipe(
      v.array(
        v.looseObject({ type: text("Type as PostgreSQL's archives name it: `INDEX`"), count: count("How many") }),
      ),
      v.description("Entries of the table of contents by type: what a restore must bring back"),
    ),
  ),
  partial: v.optional(
    v.pipe(
      v.array(v.string()),
      v.description("Of backups of a part of the database: the options that left something out, `--schema=sales`"),
    ),
  ),
  objects: v.optional(v.array(objectSchema)),
  not_included: v.optional(v.array(notIncludedSchema)),
  warnings: v.optional(v.array(v.string())),
  tags: v.optional(v.record(v.string(), v.string())),
  hold_until: v.optional(v.nullable(time("Not to be removed before"))),
  [SELF_HASH_FIELD]: v.optional(
    sha256(
      "Last field: SHA-256 of the file's text with zeros in place of these 64 digits; finds damage in the metadata itself",
    ),
  ),
});

export type BackupMetadata = v.InferOutput<typeof metadataSchema>;
export type ArtifactMetadata = BackupMetadata["artifacts"][number];
export type ObjectMetadata = NonNullable<BackupMetadata["objects"]>[number];
