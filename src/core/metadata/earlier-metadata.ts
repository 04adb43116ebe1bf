import { createHash } from "node:crypto";
import * as v from "valibot";
import { CLUSTER_NAME } from "../backup-name.ts";
import type { BackupMetadata } from "./metadata-schema.ts";

const optionalText = v.optional(v.string());
const bytes = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(Number.MAX_SAFE_INTEGER));
const port = v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)));
const extraInfo = v.optional(v.nullable(v.record(v.string(), v.string())));

/** What dbbackup 2 and 3 wrote beside a backup of one database. */
export const earlierMetadataSchema = v.looseObject({
  version: v.string(),
  timestamp: v.string(),
  database: v.string(),
  database_type: optionalText,
  database_version: optionalText,
  host: optionalText,
  port,
  user: optionalText,
  backup_file: v.pipe(v.string(), v.minLength(1)),
  size_bytes: bytes,
  sha256: optionalText,
  compression: optionalText,
  backup_type: optionalText,
  base_backup: optionalText,
  duration_seconds: v.optional(v.number()),
  encrypted: v.optional(v.boolean()),
  encryption_algorithm: optionalText,
});

/** What they wrote beside the archive of a whole server. It does not name the archive. */
export const earlierClusterSchema = v.looseObject({
  version: v.string(),
  timestamp: v.string(),
  cluster_name: v.string(),
  database_type: optionalText,
  host: optionalText,
  port,
  databases: v.nullable(v.array(v.looseObject({ database: v.string(), encrypted: v.optional(v.boolean()) }))),
  total_size_bytes: bytes,
  duration_seconds: v.optional(v.number()),
  extra_info: extraInfo,
});

/** What all of them wrote as `FILE.info`, and dbbackup 1 nothing else. */
export const earlierInfoSchema = v.looseObject({
  type: v.string(),
  database: v.string(),
  timestamp: v.pipe(v.string(), v.regex(/^\d{8}_\d{6}$/)),
  host: optionalText,
  port,
  user: optionalText,
  db_type: optionalText,
  compression: v.optional(v.number()),
  size_bytes: bytes,
});

type EarlierMetadata = v.InferOutput<typeof earlierMetadataSchema>;
type EarlierCluster = v.InferOutput<typeof earlierClusterSchema>;
type EarlierInfo = v.InferOutput<typeof earlierInfoSchema>;

/** Whether metadata are those of dbbackup 1, 2 or 3. What they tell of is never changed or removed. */
export function isEarlier(metadata: Pick<BackupMetadata, "format_version"> | undefined): boolean {
  return metadata?.format_version === 0;
}

/** Which program wrote them, as far as they tell. */
export function earlierProgram({ version }: Pick<BackupMetadata, "version">): string {
  return version === "1" ? "dbbackup 1" : "dbbackup 2-3";
}

/**
 * The same in today's terms. They have no id: it is made from the text of the file, so that it stays the same. The path
 * in `backup_file` was true when the backup was made; the artifact lies where the metadata lies.
 */
export function fromEarlierMetadata(earlier: EarlierMetadata, fileText: string): BackupMetadata {
  const name = earlier.backup_file.split(/[/\\]/).at(-1)!;
  const { sha256, backup_type, ...rest } = earlier;
  const known = knownHash(sha256);
  return {
    ...rest,
    ...known,
    timestamp: new Date(earlier.timestamp).toISOString(),
    backup_type: kindOf(backup_type),
    backup_file: name,
    id: idOf(fileText),
    format_version: 0,
    artifacts: [{ name, size: earlier.size_bytes, ...known }],
  };
}

/** @param name of the archive, which has that of the metadata */
export function fromEarlierCluster(earlier: EarlierCluster, fileText: string, name: string): BackupMetadata {
  const { cluster_name: _, databases, total_size_bytes: size, extra_info: extra, ...rest } = earlier;
  const known = knownHash(extra?.["archive_sha256"]);
  const version = extra?.["database_version"];
  const failed = Number(extra?.["failure_count"] ?? 0);
  const isEncrypted = databases?.some(({ encrypted }) => encrypted === true) === true;
  return {
    ...rest,
    ...known,
    timestamp: new Date(earlier.timestamp).toISOString(),
    database: CLUSTER_NAME,
    ...(version === undefined ? {} : { database_version: version }),
    backup_type: "full",
    scope: "cluster",
    backup_file: name,
    size_bytes: size,
    ...(isEncrypted ? { encrypted: true } : {}),
    id: idOf(fileText),
    format_version: 0,
    artifacts: [{ name, size, ...known }],
    earlier_databases: databases?.map(({ database }) => database) ?? [],
    ...(extra ? { extra_info: extra } : {}),
    ...(failed > 0 ? { warnings: [failedText(failed)] } : {}),
  };
}

/** @param name of the file that it tells of */
export function fromEarlierInfo(info: EarlierInfo, fileText: string, name: string): BackupMetadata {
  const isCluster = info.type === "cluster";
  const { type: _, db_type: type, compression, database_count: __, ...rest } = info;
  const failed = Number(info["failure_count"] ?? 0);
  return {
    ...rest,
    version: "1",
    timestamp: localTime(info.timestamp).toISOString(),
    database: isCluster ? CLUSTER_NAME : info.database,
    ...(type === undefined ? {} : { database_type: type }),
    ...(compression === undefined ? {} : { compression: compression > 0 ? `gzip-${compression}` : "none" }),
    backup_type: kindOf(info.type),
    ...(isCluster ? { scope: "cluster" } : {}),
    backup_file: name,
    id: idOf(fileText),
    format_version: 0,
    artifacts: [{ name, size: info.size_bytes }],
    ...(failed > 0 ? { warnings: [failedText(failed)] } : {}),
  };
}

/** The same with a hash that stood elsewhere. */
export function withEarlierHash(metadata: BackupMetadata, sha256: string): BackupMetadata {
  const [artifact] = metadata.artifacts;
  return { ...metadata, sha256, artifacts: [{ ...artifact!, sha256 }] };
}

function failedText(count: number): string {
  return `${count} databases of the server failed when it was made, and are not in it`;
}

/** They called a backup of one database `single`, and that of a server `cluster`. */
function kindOf(type: string | undefined): string {
  return type === undefined || type === "" || type === "single" || type === "cluster" ? "full" : type;
}

function idOf(fileText: string): string {
  return `earlier-${createHash("sha256").update(fileText, "utf8").digest("hex").slice(0, 16)}`;
}

function knownHash(sha256: string | undefined): { readonly sha256?: string } {
  const stored = sha256?.toLowerCase();
  return stored !== undefined && /^[0-9a-f]{64}$/.test(stored) ? { sha256: stored } : {};
}

/** It was written without a time zone: that of the machine where it was made, which is taken for this one's. */
function localTime(text: string): Date {
  const digits = /^(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)$/.exec(text)!.slice(1).map(Number);
  const [year, month, day, hour, minute, second] = digits as [number, number, number, number, number, number];
  return new Date(year, month - 1, day, hour, minute, second);
}
