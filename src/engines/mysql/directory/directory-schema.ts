import * as v from "valibot";
import { type CompressionMethod, compressionLevels } from "../../../core/compression.ts";

const text = (description: string) => v.pipe(v.string(), v.maxLength(1024), v.description(description));
const count = (description: string) =>
  v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER), v.description(description));
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/), v.description("SHA-256 of the file"));
const checksum = (description: string) => v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/), v.description(description));

/** Servers have no more columns in a table. */
const MOST_COLUMNS = 4096;

/** `format` of every index. */
export const DIRECTORY_FORMAT = "dbbackup-mysql-directory";

/** What LOAD DATA makes of the text of a column, where that is not the value itself; `@value` stands for the text. */
export const loadExpressions = [
  /** Types that take no bytes, but text. */
  "CONVERT(@value USING utf8mb4)",
  /** Members of ENUM and SET by their number. */
  "CAST(@value AS UNSIGNED)",
  /** When a version of a row ended; NULL: it is the current one, which it is until time ends for that server. */
  "COALESCE(CONVERT(@value USING utf8mb4), @dbb_end_of_time)",
] as const;
export type LoadExpression = (typeof loadExpressions)[number];

/** Kinds of objects, in the order in which they are made. */
export const directoryKinds = [
  "database",
  "sequence",
  "table",
  /** A view of the same name and columns in the place of one that comes later. */
  "stand-in",
  "library",
  "package",
  "function",
  "procedure",
  "package-body",
  "view",
  "trigger",
  "event",
  /** Histograms of the optimizer. */
  "statistics",
] as const;
export type DirectoryKind = (typeof directoryKinds)[number];

const methods = Object.keys(compressionLevels) as [CompressionMethod, ...CompressionMethod[]];

/** A column of rows in files. */
export const columnSchema = v.looseObject({
  name: text("Name of the column"),
  load: v.optional(
    v.pipe(
      v.picklist(loadExpressions),
      v.description("What LOAD DATA makes of the text, which `@value` stands for; absent: it is the value itself"),
    ),
  ),
});

const keySchema = v.looseObject({
  columns: v.pipe(v.array(text("Name")), v.minLength(1), v.maxLength(16), v.description("Columns of the key")),
  from: v.optional(v.pipe(v.array(v.string()), v.description("Rows have at least this key; absent: the first chunk"))),
  below: v.optional(v.pipe(v.array(v.string()), v.description("Rows have a lesser key; absent: the last chunk"))),
});

/** A file of rows. */
export const chunkSchema = v.looseObject({
  file: v.pipe(
    v.string(),
    v.regex(/^\d{5,9}\.\d{4,9}\.tsv(?:\.gz|\.zst|\.lz4)?$/),
    v.description("Name of the file: number of the table, and of the chunk"),
  ),
  rows: count("Rows in it"),
  bytes: count("Bytes before compression, line feeds included"),
  stored_bytes: count("Bytes of the file"),
  sha256,
  checksum: checksum("rowsum128-v1 of its rows"),
  literals: v.optional(
    v.pipe(
      v.array(text("Name")),
      v.minLength(1),
      v.maxLength(MOST_COLUMNS),
      v.description("Columns whose fields are expressions of SQL: the rows are loaded with INSERT statements"),
    ),
  ),
  range: v.optional(v.pipe(keySchema, v.description("Where the table was cut, as SQL literals"))),
});

const dataSchema = v.looseObject({
  columns: v.pipe(
    v.array(columnSchema),
    v.maxLength(MOST_COLUMNS),
    v.description("Columns of each line in their order; empty: a line is `\\N`, and each stands for a row of defaults"),
  ),
  rows: count("Rows in all chunks"),
  bytes: count("Bytes of all chunks before compression"),
  checksum: checksum("rowsum128-v1 of all rows"),
  chunks: v.pipe(v.array(chunkSchema), v.description("A table without rows has none")),
});

/** An object, its definition and its rows. */
export const objectSchema = v.looseObject({
  kind: v.picklist(directoryKinds),
  name: text("Name of the object"),
  table: v.optional(text("Of a trigger: its table")),
  schema: v.optional(
    v.pipe(
      v.looseObject({
        file: v.pipe(v.string(), v.regex(/^\d{5,9}\.[a-z]+(?:-[a-z]+)?\.sql$/), v.description("Name of the file")),
        bytes: count("Bytes of the file"),
        sha256,
      }),
      v.description("The script that makes it; absent when it was left out"),
    ),
  ),
  data: v.optional(v.pipe(dataSchema, v.description("Of a table: its rows; absent when they were left out"))),
});

const headEntries = {
  tool: text("Name and version of the program that wrote it"),
  flavour: v.pipe(v.picklist(["mysql", "mariadb"]), v.description("Which kind of server it comes from")),
  server_version: text("What that server says of its version"),
  database: text("Name of the database"),
  character_set: text("Default character set of the database"),
  collation: text("Its default collation"),
  compression: v.pipe(v.picklist(methods), v.description("How the data files are compressed")),
};

/** What an index says of the whole backup. */
export const indexHeadSchema = v.object(headEntries);

/** `index.json`: what a backup of MySQL or MariaDB in directory format holds, and how it is loaded. */
export const directoryIndexSchema = v.looseObject({
  format: v.literal(DIRECTORY_FORMAT),
  format_version: count("1; later versions may only add fields"),
  ...headEntries,
  objects: v.pipe(v.array(objectSchema), v.description("In the order in which they are made")),
});

export type DirectoryIndex = v.InferOutput<typeof directoryIndexSchema>;
export type DirectoryObject = DirectoryIndex["objects"][number];
export type DirectoryData = NonNullable<DirectoryObject["data"]>;
export type DirectoryColumn = DirectoryData["columns"][number];
export type DirectoryChunk = DirectoryData["chunks"][number];
