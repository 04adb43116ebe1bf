import { realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { BackupError } from "../../../core/backup-error.ts";
import type { ProgressSink } from "../../../ports/progress.ts";
import type { BackupSummary, RestoreFailure, RestorePlan, RestoreRequest } from "../../../ports/restore.ts";
import { PgConnection } from "../../../wire/postgres/connection.ts";
import type { ConnectionSpec } from "../../../wire/postgres/connection-spec.ts";
import { resolveConnection } from "../../../wire/postgres/conninfo/resolve-connection.ts";
import { identifyServer } from "../../../wire/postgres/identify-server.ts";
import { feedTool } from "../../common/tools/feed-tool.ts";
import { PrivateFolder } from "../../common/tools/private-folder.ts";
import { startTool, statusOf, type ToolJob } from "../../common/tools/run-tool.ts";
import { compressionOf, scriptBytes } from "../../common/tools/script-bytes.ts";
import { toolConnection } from "../connection/tool-connection.ts";
import { findTool, type Tool } from "../find-tool.ts";
import { ToolMessages } from "../tool-messages.ts";
import { requireTrust } from "./require-trust.ts";
import { chosenEntries, restoreArguments, scriptArguments } from "./restore-arguments.ts";
import { failuresOf, requireFinished } from "./restore-outcome.ts";
import { RestoringProgress } from "./restoring-progress.ts";
import type { ToolsBackupOptions } from "./tools-backup.ts";
import type { FileInput } from "./tools-restorer.ts";

export interface RestoreJob extends ToolsBackupOptions {
  readonly summary: BackupSummary;
  readonly plan: RestorePlan;
  readonly request: RestoreRequest;
}

export interface FinishedRestore {
  readonly failures: readonly RestoreFailure[];
  readonly failed: number;
  readonly warnings: readonly string[];
  /** Name and version of the program. */
  readonly tool: string;
}

const applicationName = "dbbackup restore";

/**
 * Has pg_restore, or psql for a script, restore a backup.
 * @throws BackupError for what it says; the target is named as incomplete
 */
export async function runRestore(job: RestoreJob, sink: ProgressSink, signal: AbortSignal): Promise<FinishedRestore> {
  const { request, plan, summary, places } = job;
  const isScript = summary.format === "script";
  const { spec, connection } = await connect(request, plan.target, signal);
  const opened = { host: connection.host, transportKind: connection.transportKind };
  const major = Math.floor(connection.serverVersion / 10_000);
  await connection.close();
  const tool = await findTool(isScript ? "psql" : "pg_restore", major, places);
  await requireTrust(tool, request);
  await using folder = await PrivateFolder.create();
  const conninfo = await toolConnection(spec, opened, { major: tool.version.major }, folder);
  const progress = new RestoringProgress(sink);
  progress.begin(`restoring with ${tool.name} ${tool.version.text}`);
  const messages = new ToolMessages((text) => progress.says(text));
  const run = { tool, folder, searchPath: places.searchPath, messages, signal };
  const status = isScript
    ? await feedScript({ ...run, args: scriptArguments(request, conninfo) }, job, progress)
    : await runOnArchive({ ...run, args: await archiveArguments(job, conninfo, tool, folder) });
  const failed = requireFinished(tool.name, status, messages, request, plan.target);
  const warnings = messages.warnings.map(({ message }) => message).filter((text) => !text.startsWith("errors ignored"));
  return { failures: failuresOf(messages), failed, warnings, tool: `${tool.name} ${tool.version.text}` };
}

/** Where a database is created from there are these, when nobody names another. */
const maintenanceDatabases = ["postgres", "template1"];
const undefinedDatabase = "3D000";

/** Our own connection, whose server and certainty the tool's are to have. */
async function connect(
  request: RestoreRequest,
  target: string,
  signal: AbortSignal,
): Promise<{ readonly spec: ConnectionSpec; readonly connection: PgConnection }> {
  let missing: unknown;
  for (const database of request.create ? maintenanceDatabases : [target]) {
    const spec = resolveConnection({ applicationName, ...request.connection, database });
    try {
      const connection = await PgConnection.connect(spec, { signal });
      await identifyServer(connection, spec, signal, "any");
      return { spec, connection };
    } catch (error) {
      if (!(error instanceof BackupError) || error.sqlState !== undefinedDatabase) throw error;
      missing ??= error;
    }
  }
  throw missing;
}

async function archiveArguments(
  { input, summary, request, plan }: RestoreJob,
  conninfo: string,
  { version }: Tool,
  folder: PrivateFolder,
): Promise<readonly string[]> {
  const chosen = chosenEntries(request, plan);
  const list = chosen === undefined ? {} : { list: await folder.write("entries", chosen) };
  return restoreArguments(request, summary.format, { conninfo, archive: await pathOf(input), ...list }, version);
}

/** Where the archive lies, the very file that was looked at: the program opens it itself, several times with several jobs. */
async function pathOf(input: FileInput): Promise<string> {
  if (input.kind === "object") {
    const { object } = input;
    if (object.localPath !== undefined && (await compressionOf(object)) === "none") return object.localPath;
  } else {
    const contents = await input.files.open("toc.dat");
    try {
      if (contents.localPath !== undefined) return dirname(await realpath(contents.localPath));
    } finally {
      await contents.close();
    }
  }
  throw new BackupError({
    code: "USAGE",
    message: "pg_restore reads archives from local files that are neither encrypted nor compressed as a whole",
    hint: "use --engine native, or copy, decrypt or decompress it first",
  });
}

async function runOnArchive(run: ToolJob): Promise<number> {
  const running = startTool(run);
  running.stdout.resume();
  try {
    return await statusOf(run.tool, running);
  } finally {
    await running.stop();
    run.signal.throwIfAborted();
  }
}

async function feedScript(
  run: Omit<ToolJob, "input">,
  { input, codec }: RestoreJob,
  progress: RestoringProgress,
): Promise<number> {
  if (input.kind !== "object") throw new Error("a script is one file");
  return await feedTool(run, scriptBytes(input.object, codec), (count) => progress.passed(count));
}
