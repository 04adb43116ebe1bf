import { BackupError } from "../../../core/backup-error.ts";
import { monotonic } from "../../../core/monotonic.ts";
import type { ProgressSink } from "../../../ports/progress.ts";
import {
  type BackupSummary,
  maxListedFailures,
  type RestoreFailure,
  type RestoreRequest,
  type RestoreResult,
} from "../../../ports/restore.ts";
import { resolveMysqlConnection } from "../../../wire/mysql/conninfo/resolve-mysql-connection.ts";
import { identifyMysql } from "../../../wire/mysql/identify-server.ts";
import { openMysqlSession } from "../../../wire/mysql/open-session.ts";
import { feedTool } from "../../common/tools/feed-tool.ts";
import { PrivateFolder } from "../../common/tools/private-folder.ts";
import { scriptBytes } from "../../common/tools/script-bytes.ts";
import { mysqlToolConnection, mysqlToolEnvironment } from "../connection/tool-connection.ts";
import { findMysqlTool } from "../find-mysql-tool.ts";
import { MysqlToolMessages, mysqlToolFailed } from "../tool-messages.ts";
import type { MysqlToolsBackupOptions } from "./mysql-tools-backup.ts";

export interface MysqlRestoreJob extends MysqlToolsBackupOptions {
  readonly request: RestoreRequest;
  readonly target: string;
  readonly summary: BackupSummary;
}

const EVERY_MS = 100;

/**
 * Has the client of the server's flavour run a script.
 * @throws BackupError for what it says; the target is named as incomplete
 */
export async function runMysqlRestore(
  { object, codec, places, request, target, summary }: MysqlRestoreJob,
  sink: ProgressSink,
  signal: AbortSignal,
): Promise<RestoreResult> {
  const started = monotonic();
  const spec = await resolveMysqlConnection({ applicationName: "dbbackup restore", ...request.connection });
  const connection = await openMysqlSession({ ...spec, database: undefined }, { signal });
  await using _ = connection;
  const { tool, warnings } = await findMysqlTool("client", await identifyMysql(connection, "any"), places);
  await using folder = await PrivateFolder.create();
  const args = clientArguments(await mysqlToolConnection(connection, tool.version, folder), request, target);
  const said = `${tool.name} ${tool.version.text}`;
  sink.emit({ event: "phase", phase: "restore", message: `restoring with ${said}` });
  const messages = new MysqlToolMessages();
  const environment = mysqlToolEnvironment(folder);
  const run = { tool, args, environment, folder, searchPath: places.searchPath, messages, signal };
  const status = await feedTool(run, scriptBytes(object, codec), bytesTeller(sink));
  // Told to go on, it ends with 1 after errors all the same; a lost connection is no error that one goes on after.
  const wentOn = request.onError === "continue" && messages.errors > 0 && isOver(messages);
  if ((status !== 0 || messages.errors > 0) && !wentOn) {
    throw incomplete(mysqlToolFailed(tool.name, status, messages), target);
  }
  return {
    target,
    created: false,
    done: Math.max(0, summary.entries - messages.errors),
    rows: 0,
    bytes: 0,
    isUncounted: true,
    largeObjects: 0,
    failures: failuresOf(messages),
    failed: messages.errors,
    warnings: [...warnings, ...messages.warnings],
    durationMs: monotonic() - started,
    engine: { name: "tools", version: said },
  };
}

/**
 * `--binary-mode`: bytes are what they are, and no command of the client in a script is obeyed but DELIMITER and the
 * character set. Nor may a script have files of this machine.
 */
function clientArguments(connection: string, { onError }: RestoreRequest, target: string): readonly string[] {
  return [
    connection,
    "--batch",
    // Those in stored code belong to it.
    "--comments",
    "--binary-mode",
    "--local-infile=0",
    "--max-allowed-packet=1073741824",
    "--default-character-set=utf8mb4",
    ...(onError === "continue" ? ["--force"] : []),
    "--",
    target,
  ];
}

function bytesTeller(sink: ProgressSink): (count: number) => void {
  let bytes = 0;
  let saidAt = 0;
  return (count) => {
    bytes += count;
    const now = monotonic();
    if (now - saidAt < EVERY_MS) return;
    saidAt = now;
    sink.emit({ event: "progress", bytes, rows: 0, objects: 0 });
  };
}

/** Whether all its errors are of statements. */
function isOver({ messages }: MysqlToolMessages): boolean {
  return messages.every(({ severity, line }) => severity === "warning" || line !== undefined);
}

function failuresOf({ messages }: MysqlToolMessages): RestoreFailure[] {
  return messages
    .filter(({ severity }) => severity === "error")
    .slice(0, maxListedFailures)
    .map(({ message, line, sqlState, statement = "" }) => ({
      object: line === undefined ? "" : `line ${line}`,
      message,
      statement,
      ...(sqlState === undefined ? {} : { sqlState }),
    }));
}

function incomplete(error: BackupError, target: string): BackupError {
  return new BackupError({
    code: error.code,
    message: `${error.message}; database "${target}" is incomplete`,
    details: error.details,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}
