import type { Compression } from "../../../core/compression.ts";
import type { DumpRequest } from "../../../ports/dump.ts";
import { type DumpSelection, wholeDatabase } from "../../../ports/dump-selection.ts";
import type { DumpSessionOptions } from "../../../ports/dump-session.ts";
import { type DumpShape, type ScriptShape, wholeShape } from "../../../ports/dump-shape.ts";
import { refuseForTools } from "../../common/tools/refuse-for-tools.ts";
import { ToolArguments } from "../tool-arguments.ts";
import type { ToolVersion } from "../tool-version.ts";

/** What of a dump the request does not tell. */
export interface DumpPlace {
  readonly conninfo: string;
  /** Of format directory. */
  readonly folder?: string;
  /** Exported by the session that holds it; the request's own wins. */
  readonly snapshot?: string;
  /** The database's own. */
  readonly encoding?: string;
}

/** Releases before 18 that know `--restrict-key`, by their major version: the option came with the repair of psql. */
const restrictKeySince: ReadonlyMap<number, number> = new Map([
  [13, 22],
  [14, 19],
  [15, 14],
  [16, 10],
  [17, 6],
]);

/**
 * The arguments of pg_dump for a dump.
 * @throws BackupError USAGE for options that this version of pg_dump does not know
 */
export function dumpArguments(request: DumpRequest, place: DumpPlace, version: ToolVersion): readonly string[] {
  const args = new ToolArguments("pg_dump", version);
  const { format, session = {} } = request;
  args.value("format", format);
  args.value("file", place.folder);
  // In a script it would add comments, such as the time.
  args.flag("verbose", format === "custom" || format === "directory");
  args.flag("no-password", true);
  compressionArguments(args, request, version);
  if (format === "directory") args.value("jobs", request.jobs);
  selectionArguments(args, request.selection ?? wholeDatabase, version);
  shapeArguments(args, request.shape ?? wholeShape);
  args.flag("statistics", request.statistics, 18);
  restrictKeyArgument(args, request.restrictKey, version);
  args.value("encoding", session.encoding ?? place.encoding);
  sessionArguments(args, session);
  args.value("snapshot", session.snapshot ?? place.snapshot);
  args.value("dbname", place.conninfo);
  return args.list;
}

function compressionArguments(args: ToolArguments, { format, compression }: DumpRequest, { major }: ToolVersion): void {
  const { method, level } = compression;
  switch (format) {
    case "plain": // A stage behind it compresses.
    case "tar":
      return;
    case "custom":
    case "directory":
      if (method === "none") args.value("compress", 0);
      else if (method === "gzip" && major < 16) args.value("compress", level);
      else args.value("compress", compressionText(compression), 16);
  }
}

/** The level of lz4 is not ours to choose: both sides have one. */
function compressionText({ method, level }: Compression): string {
  return method === "lz4" ? method : `${method}:${level}`;
}

function selectionArguments(args: ToolArguments, selection: DumpSelection, { major }: ToolVersion): void {
  args.values("schema", selection.schemas);
  args.values("exclude-schema", selection.excludedSchemas);
  args.values("table", selection.tables);
  args.values("table-and-children", selection.tablesAndChildren, 16);
  args.values("exclude-table", selection.excludedTables);
  args.values("exclude-table-and-children", selection.excludedTablesAndChildren, 16);
  args.values("exclude-table-data", selection.excludedData);
  args.values("exclude-table-data-and-children", selection.excludedDataAndChildren, 16);
  args.values("extension", selection.extensions, 14);
  args.values("exclude-extension", selection.excludedExtensions, 17);
  args.values("include-foreign-data", selection.foreignServers, 13);
  args.flag("strict-names", selection.strictNames);
  const largeObjects = major < 16 ? "blobs" : "large-objects";
  args.flag(largeObjects, selection.largeObjects);
  args.flag(`no-${largeObjects}`, selection.largeObjects === false);
}

function shapeArguments(args: ToolArguments, shape: DumpShape): void {
  const { inserts } = shape;
  args.flag("schema-only", shape.schemaOnly);
  args.flag("data-only", shape.dataOnly);
  args.flag("statistics-only", shape.statisticsOnly, 18);
  args.flag("no-schema", shape.noSchema, 18);
  args.flag("no-data", shape.noData, 18);
  args.values("section", shape.sections);
  args.flag("no-privileges", shape.noPrivileges);
  args.flag("no-comments", shape.noComments, 11);
  args.flag("no-policies", shape.noPolicies, 18);
  args.flag("no-publications", shape.noPublications);
  args.flag("no-subscriptions", shape.noSubscriptions);
  args.flag("no-security-labels", shape.noSecurityLabels);
  args.flag("no-toast-compression", shape.noToastCompression, 14);
  args.flag("no-unlogged-table-data", shape.noUnloggedTableData);
  args.flag("sequence-data", shape.sequenceData, 18);
  args.flag("load-via-partition-root", shape.loadViaPartitionRoot, 11);
  if (inserts !== undefined) {
    args.flag("inserts", !inserts.columns);
    args.flag("column-inserts", inserts.columns);
    if (inserts.rowsPerStatement !== 1) args.value("rows-per-insert", inserts.rowsPerStatement, 12);
    args.flag("on-conflict-do-nothing", inserts.onConflictDoNothing, 12);
  }
  scriptArguments(args, shape.script);
}

function scriptArguments(args: ToolArguments, script: ScriptShape): void {
  args.flag("clean", script.clean);
  args.flag("if-exists", script.ifExists);
  args.flag("create", script.create);
  args.flag("no-owner", script.noOwner);
  args.flag("no-tablespaces", script.noTablespaces);
  args.flag("no-table-access-method", script.noTableAccessMethod, 15);
  args.flag("disable-triggers", script.disableTriggers);
  args.value("superuser", script.superuser);
}

function restrictKeyArgument(args: ToolArguments, key: string | undefined, { major, minor }: ToolVersion): void {
  const knows = major >= 18 || minor >= (restrictKeySince.get(major) ?? Number.POSITIVE_INFINITY);
  if (key !== undefined && !knows) refuseForTools("--restrict-key", "this release of pg_dump does not know it");
  args.value("restrict-key", key);
}

function sessionArguments(args: ToolArguments, session: DumpSessionOptions): void {
  args.value("role", session.role);
  args.value("extra-float-digits", session.extraFloatDigits, 12);
  args.flag("quote-all-identifiers", session.quoteAllIdentifiers);
  args.flag("enable-row-security", session.enableRowSecurity);
  args.value("lock-wait-timeout", session.lockWaitTimeout);
  args.flag("serializable-deferrable", session.serializableDeferrable);
}
