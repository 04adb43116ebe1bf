import { BackupError } from "../core/backup-error.ts";
import { type EngineFamily, familyOfConnection, shownFamily } from "../core/database-type.ts";
import type { BackupMetadata } from "../core/metadata/metadata-schema.ts";
import type {
  CompareContext,
  Comparer,
  Comparison,
  ComparisonLimits,
  OpenedData,
  RecordedRows,
  RecordedTable,
} from "../ports/comparison.ts";
import type { OpenComparisonNotes } from "../ports/comparison-notes.ts";
import type { ConnectionRequest } from "../ports/connection-request.ts";
import { type FindPorts, findBackup } from "./find-backup.ts";
import type { FoundBackup } from "./found-backup.ts";
import { plainLimit } from "./plain-limit.ts";
import { openSource, refuseCluster } from "./restore-source.ts";

export interface ComparisonRequest {
  /** Names a database. */
  readonly left: ConnectionRequest;
  /** Another database; or a path, an id or its beginning, or `latest:DB`. */
  readonly right: ConnectionRequest | string;
  readonly schemaOnly: boolean;
  readonly schemaStatements?: boolean;
  readonly limits: ComparisonLimits;
  readonly jobs: number;
  readonly hashOn?: "client" | "server";
  readonly splitLargerThan?: number;
  /** Where is noted what was equal, so that `resume` can go on. */
  readonly state?: { readonly file: string; readonly how: "new" | "resume" };
}

export interface ComparePorts extends FindPorts {
  readonly comparer: Comparer;
  readonly openNotes: OpenComparisonNotes;
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
  if (typeof right !== "string") return await compareDatabases({ ...request, right }, ports, context);
  const found = await findBackup(right, ports, context.signal);
  refuseCluster(found);
  refuseSample(found);
  refuseOtherFamily(found, left);
  const backup = recordedRows(found);
  const openData = () => openStored(found);
  return await ports.comparer.compareWithBackup({ database: left, backup, schemaOnly, limits, openData }, context);
}

/** @throws BackupError USAGE: rows of other kinds of servers are written in other ways */
function refuseOtherFamily({ metadata, location }: FoundBackup, database: ConnectionRequest): void {
  const type = metadata?.database_type;
  if (type === undefined) return;
  const ofBackup: EngineFamily = type === "mysql" || type === "mariadb" ? "mysql" : "postgres";
  const ofDatabase = familyOfConnection(database) ?? "postgres";
  if (ofBackup === ofDatabase) return;
  throw new BackupError({
    code: "USAGE",
    message: `the backup is one of ${shownFamily[ofBackup]}, and cannot be compared with a database of ${shownFamily[ofDatabase]}`,
    object: location,
    hint: "name a database of the same kind",
  });
}

/** Fewer rows are no difference there, and which of them should be there nobody has recorded. */
function refuseSample({ metadata, location }: FoundBackup): void {
  if (metadata?.sample === undefined) return;
  throw new BackupError({
    code: "PRECHECK",
    message: "the backup is a sample, and holds some of the rows only",
    object: location,
    hint: "check it with: dbbackup verify --restore; or compare with another backup",
  });
}

async function compareDatabases(
  { state, ...request }: ComparisonRequest & { readonly right: ConnectionRequest },
  { comparer, openNotes }: ComparePorts,
  context: CompareContext,
): Promise<Comparison> {
  if (state === undefined) return await comparer.compare(request, context);
  const notes = await openNotes(state.file, state.how);
  try {
    const result = await comparer.compare({ ...request, notes }, context);
    await notes.remove();
    return result;
  } catch (error) {
    context.progress.emit({
      event: "warning",
      message: `what was equal so far is noted in "${state.file}"`,
      hint: "go on with the same command and --resume, or remove the file",
    });
    throw error;
  } finally {
    notes.close();
  }
}

async function openStored(found: FoundBackup): Promise<OpenedData> {
  const source = await openSource(found);
  const maxPlainBytes = plainLimit(found.metadata, undefined);
  return {
    input: source.input,
    ...(maxPlainBytes === undefined ? {} : { maxPlainBytes }),
    close: () => Promise.resolve(source[Symbol.asyncDispose]()),
  };
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
    ...writerOf(metadata),
    encoding: metadata.encoding ?? metadata.source?.encoding ?? "UTF8",
    ...(metadata.format === undefined ? {} : { format: metadata.format }),
    tables: objects.flatMap(recordedTable),
    partial: metadata.partial ?? [],
    ...(metadata.row_settings === undefined ? {} : { rowSettings: metadata.row_settings }),
    ...(largeObjects === undefined ? {} : { largeObjects: { count: largeObjects.rows, bytes: largeObjects.bytes } }),
  };
}

function writerOf({ tool, engine }: BackupMetadata): Pick<RecordedRows, "writer"> {
  if (engine !== undefined) return { writer: engine.version };
  return tool === undefined ? {} : { writer: `${tool.name} ${tool.version}` };
}

function recordedTable(object: NonNullable<BackupMetadata["objects"]>[number]): RecordedTable[] {
  const { type, schema, name, rows, checksum, row_history: history } = object;
  if (type !== "table" || schema === undefined || name === undefined || checksum === undefined) return [];
  return [{ schema, name, rows, checksum, ...(history === true ? { hasHistory: true } : {}) }];
}
