import * as v from "valibot";
import { BackupError } from "../backup-error.ts";
import { EARLIER_INFO_SUFFIX, METADATA_SUFFIX } from "../backup-name.ts";
import { isSafeComponent } from "../safe-path.ts";
import {
  earlierClusterSchema,
  earlierInfoSchema,
  earlierMetadataSchema,
  fromEarlierCluster,
  fromEarlierInfo,
  fromEarlierMetadata,
} from "./earlier-metadata.ts";
import { type BackupMetadata, METADATA_VERSION, metadataSchema } from "./metadata-schema.ts";
import { hasOwnHash, SELF_HASH_FIELD } from "./self-hash.ts";

/** Largest metadata that is read: a million tables are about 150 MB. */
export const MAX_METADATA_BYTES = 256 << 20;
/** The newest `format_version` that this program understands. */
const NEWEST_FORMAT = 1;

/**
 * Reads metadata, ours or that of dbbackup 1 to 3. It is input from a stranger: names in it are safe paths afterwards.
 * @param where path, URL or name of the file: its last component tells what those of dbbackup 1 to 3 leave out
 * @throws BackupError DAMAGED when it is no metadata, or a field has an impossible value; UNSUPPORTED_FORMAT when it is
 * of a later version.
 */
export function readMetadata(fileText: string, where: string): BackupMetadata {
  const json = parseJson(fileText, where);
  if (!isOurs(json)) return readEarlier(json, fileText, where);
  const version = json.format_version;
  if (typeof version === "number" && version > NEWEST_FORMAT) {
    throw new BackupError({
      code: "UNSUPPORTED_FORMAT",
      message: `metadata of version ${version} is newer than this program`,
      object: where,
      hint: "use a newer dbbackup",
    });
  }
  const result = v.safeParse(metadataSchema, json);
  if (!result.success) throw refuse(where, result.issues);
  if (Number.isNaN(Date.parse(result.output.timestamp))) throw damaged(where, '"timestamp" is no time');
  const { [SELF_HASH_FIELD]: hash, ...metadata } = result.output;
  if (hash === undefined || !hasOwnHash(fileText, hash)) throw damaged(where, "it was changed after it was written");
  return metadata;
}

/** Any of its marks is enough, so that damage to one of them does not make ours look like a file of earlier programs. */
function isOurs(json: unknown): json is { readonly format_version?: unknown } {
  if (typeof json !== "object" || json === null) return false;
  return (
    "format_version" in json || SELF_HASH_FIELD in json || ("version" in json && json.version === METADATA_VERSION)
  );
}

function readEarlier(json: unknown, fileText: string, where: string): BackupMetadata {
  const metadata = earlierMetadata(json, fileText, where);
  if (!isSafeComponent(metadata.artifacts[0]!.name)) throw damaged(where, '"backup_file" is no file name');
  return metadata;
}

function earlierMetadata(json: unknown, fileText: string, where: string): BackupMetadata {
  const file = where.slice(where.lastIndexOf("/") + 1);
  if (file.endsWith(EARLIER_INFO_SUFFIX)) {
    const result = v.safeParse(earlierInfoSchema, json);
    if (!result.success) throw refuse(where, result.issues);
    return fromEarlierInfo(result.output, fileText, file.slice(0, -EARLIER_INFO_SUFFIX.length));
  }
  const isCluster = typeof json === "object" && json !== null && "cluster_name" in json;
  const result = v.safeParse(isCluster ? earlierClusterSchema : earlierMetadataSchema, json);
  if (!result.success) throw refuse(where, result.issues);
  if (Number.isNaN(Date.parse(result.output.timestamp))) throw damaged(where, '"timestamp" is no time');
  if ("cluster_name" in result.output && isCluster) {
    const cluster = v.parse(earlierClusterSchema, result.output);
    return fromEarlierCluster(cluster, fileText, file.slice(0, -METADATA_SUFFIX.length));
  }
  return fromEarlierMetadata(v.parse(earlierMetadataSchema, result.output), fileText);
}

function parseJson(fileText: string, where: string): unknown {
  try {
    return JSON.parse(fileText, (key, value: unknown) => {
      // Copied into another object, such a key would change what that object is.
      if (key === "__proto__") throw new SyntaxError('it has a key "__proto__"');
      return value;
    });
  } catch (cause) {
    throw damaged(where, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function refuse(where: string, issues: readonly v.BaseIssue<unknown>[]): BackupError {
  const [first] = issues;
  const path = first === undefined ? null : v.getDotPath(first as v.BaseIssue<unknown>);
  return damaged(where, `${path === null ? "" : `"${path}": `}${first?.message ?? "unknown"}`);
}

function damaged(where: string, reason: string, cause?: unknown): BackupError {
  return new BackupError({
    code: "DAMAGED",
    message: `not readable as metadata of a backup: ${reason}`,
    object: where,
    hint: "restore the file from a copy of the repository; the artifact beside it can be restored by its own path",
    ...(cause === undefined ? {} : { cause }),
  });
}
