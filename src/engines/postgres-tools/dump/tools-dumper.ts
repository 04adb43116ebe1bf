import { BackupError } from "../../../core/backup-error.ts";
import type { BackupChecker, CheckedBackup } from "../../../ports/backup-checker.ts";
import type { DumpContext, Dumper, DumpOutput, DumpRequest, DumpResult } from "../../../ports/dump.ts";
import { PgConnection } from "../../../wire/postgres/connection.ts";
import { resolveConnection } from "../../../wire/postgres/conninfo/resolve-connection.ts";
import { identifyServer } from "../../../wire/postgres/identify-server.ts";
import { checkedResult } from "../../common/tools/checked-result.ts";
import type { ToolPlaces } from "../../common/tools/find-tool.ts";
import { PrivateFolder } from "../../common/tools/private-folder.ts";
import { toolConnection } from "../connection/tool-connection.ts";
import { findTool, type Tool } from "../find-tool.ts";
import { checkDump } from "./check-dump.ts";
import { dumpArguments } from "./dump-arguments.ts";
import type { HeldSource, HoldSource } from "./held-source.ts";
import { runDump } from "./run-dump.ts";

export interface ToolsDumperOptions {
  readonly places: ToolPlaces;
  readonly holdSource: HoldSource;
  /** Reads what pg_dump wrote, so that rows and their checksums are known. */
  readonly checker: BackupChecker;
}

/** Makes backups with PostgreSQL's own pg_dump. */
export function createToolsDumper(options: ToolsDumperOptions): Dumper {
  return {
    check: checkDump,
    dump: async (request, output, context) => await dumpWithTool(request, output, context, options),
  };
}

async function dumpWithTool(
  request: DumpRequest,
  output: DumpOutput,
  context: DumpContext,
  options: ToolsDumperOptions,
): Promise<DumpResult> {
  const { progress, signal } = context;
  const { database, applicationName } = request;
  const spec = resolveConnection({ ...request.connection, database, applicationName });
  progress.emit({ event: "phase", phase: "connect", message: "connecting" });
  for (const message of spec.warnings) progress.emit({ event: "warning", message });
  await using connection = await PgConnection.connect(spec, { text: "binary", signal });
  await identifyServer(connection, spec, signal, "any");
  const tool = await findTool("pg_dump", Math.floor(connection.serverVersion / 10_000), options.places);
  const held = await hold(connection, request, options);
  await using folder = await PrivateFolder.create();
  const { major } = tool.version;
  const said = held?.writesByteaOtherwise === true ? { options: "-c bytea_output=hex" } : {};
  const conninfo = await toolConnection(spec, connection, { major, ...said }, folder);
  const place = {
    conninfo,
    ...(output.kind === "folder" ? { folder: localFolder(output) } : {}),
    ...(held === undefined ? {} : { snapshot: held.snapshot, encoding: held.encoding }),
  };
  const args = dumpArguments(request, place, tool.version);
  if (held !== undefined) progress.emit({ event: "snapshot", xmin: held.xmin });
  progress.emit({ event: "phase", phase: "data", message: `copying data with pg_dump ${tool.version.text}` });
  const job = { tool, args, folder, searchPath: options.places.searchPath };
  const { checked, warnings } = await runDump(job, output, context, options.checker);
  return await resultOf(connection, request, { tool, held, checked, warnings });
}

/** The first server whose log positions and snapshots are asked for by the names that we know. */
const firstHeldVersion = 100_000;

/** A snapshot of ours for pg_dump, unless it is to wait for one of its own. */
async function hold(
  connection: PgConnection,
  { session, shape, statistics }: DumpRequest,
  { holdSource }: ToolsDumperOptions,
): Promise<HeldSource | undefined> {
  if (session?.serializableDeferrable === true || connection.serverVersion < firstHeldVersion) return undefined;
  const data = shape === undefined || !(shape.schemaOnly || shape.noData || shape.statisticsOnly);
  const given = session?.snapshot === undefined ? {} : { snapshot: session.snapshot };
  return await holdSource(connection, { ...given, data, statistics: statistics === true });
}

function localFolder({ localPath }: Extract<DumpOutput, { kind: "folder" }>): string {
  if (localPath !== undefined) return localPath;
  throw new BackupError({
    code: "USAGE",
    message: "--engine tools writes format directory into a local folder only",
    hint: "use --format custom, or --engine native",
  });
}

interface Finished {
  readonly tool: Tool;
  readonly held: HeldSource | undefined;
  readonly checked: CheckedBackup | undefined;
  readonly warnings: readonly string[];
}

async function resultOf(
  connection: PgConnection,
  { session }: DumpRequest,
  { tool, held, checked, warnings }: Finished,
): Promise<DumpResult> {
  const { host, user, serverVersionText: version } = connection;
  const digits = session?.extraFloatDigits;
  const snapshot = await held?.end();
  const { encoding = connection.parameter("server_encoding") ?? "", systemIdentifier, snapshotLsn } = held ?? {};
  return {
    engine: { name: "tools", version: `pg_dump ${tool.version.text}` },
    server: {
      version,
      encoding,
      host: host.kind === "unix" ? host.folder : host.host,
      port: host.port,
      user,
      ...(systemIdentifier === undefined ? {} : { systemIdentifier }),
    },
    ...(session?.encoding === undefined || session.encoding === encoding ? {} : { encoding: session.encoding }),
    ...(snapshotLsn === undefined ? {} : { snapshotLsn }),
    ...(snapshot === undefined ? {} : { snapshot }),
    rowSettings: { ...held?.rowSettings, ...(digits === undefined ? {} : { extra_float_digits: String(digits) }) },
    ...checkedResult(checked),
    notIncluded: held?.notIncluded ?? [],
    warnings,
  };
}
