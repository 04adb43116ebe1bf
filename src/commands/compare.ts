import { BackupError } from "../core/backup-error.ts";
import type { BackupMetadata } from "../core/metadata/metadata-schema.ts";
import type {
  CompareContext,
  Comparer,
  Comparison,
  ComparisonLimits,
  RecordedRows,
  RecordedTable,
} from "../ports/comparison.ts";
import type { ConnectionRequest } from "../ports/connection-request.ts";
import { type FindPorts, findBackup } from "./find-backup.ts";
import type { FoundBackup } from "./found-backup.ts";
import { refuseCluster } from "./restore-source.ts";

export interface ComparisonRequest {
  /** Names a database. */
  readonly left: ConnectionRequest;
  /** Another database; or a path, an id or its beginning, or `latest:DB`. */
  readonly right: ConnectionRequest | string;
  readonly schemaOnly: boolean;
  readonly limits: ComparisonLimits;
}

export interface ComparePorts extends FindPorts {
  readonly comparer: Comparer;
}

/** The kind of row checksums that can be computed anew. */
const knownChecksums = "rowsum128-v1";

/** Says whether two databases, or a database and a backup, hold the same, and what differs. Changes nothing. */
export async function compare(
  request: ComparisonRequest,
  ports: ComparePorts,
  context: CompareContext,
): Promise<Comparison> {
  const { left, right, schemaOnly, limits } = request;
  if (typeof right !== "string") return await ports.comparer.compare({ left, right, schemaOnly, limits }, context);
  if (schemaOnly) {
    throw new BackupError({
      code: "USAGE",
      message: "the schema of a backup cannot be compared with a database",
      hint: "restore it into another database, and compare the two",
    });
  }
  const found = await findBackup(right, ports, context.signal);
  refuseCluster(found);
  const backup = recordedRows(found);
  return await ports.comparer.compareWithBackup({ database: left, backup, limits }, context);
}

function recordedRows({ metadata, location }: FoundBackup): RecordedRows {
  const objects = metadata?.objects;
  if (metadata === undefined || objects === undefined || metadata.checksum_type !== knownChecksums) {
    throw new BackupError({
      code: "UNSUPPORTED_FORMAT",
      message: "the backup has no record of its rows to compare with",
      object: location,
      hint: "restore it into another database, and compare the two",
    });
  }
  const largeObjects = objects.find(({ type }) => type === "large-objects");
  return {
    database: metadata.database,
    serverVersion: metadata.database_version ?? "",
    encoding: metadata.encoding ?? metadata.source?.encoding ?? "UTF8",
    tables: objects.flatMap(recordedTable),
    partial: metadata.partial ?? [],
    ...(metadata.row_settings === undefined ? {} : { rowSettings: metadata.row_settings }),
    ...(largeObjects === undefined ? {} : { largeObjects: { count: largeObjects.rows, bytes: largeObjects.bytes } }),
  };
}

function recordedTable(object: NonNullable<BackupMetadata["objects"]>[number]): RecordedTable[] {
  const { type, schema, name, rows, checksum } = object;
  if (type !== "table" || schema === undefined || name === undefined || checksum === undefined) return [];
  return [{ schema, name, rows, checksum }];
}
