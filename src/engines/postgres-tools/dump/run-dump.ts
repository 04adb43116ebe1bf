import type { BackupChecker, CheckedBackup } from "../../../ports/backup-checker.ts";
import type { ByteSink } from "../../../ports/byte-sink.ts";
import type { DumpContext, DumpOutput, FolderOutput } from "../../../ports/dump.ts";
import { DumpingProgress } from "../../common/tools/dumping-progress.ts";
import { type CheckedDump, checkedDump, pipeDump } from "../../common/tools/piped-dump.ts";
import { startTool, statusOf, type ToolJob } from "../../common/tools/run-tool.ts";
import type { Tool } from "../find-tool.ts";
import { ToolMessages, toolFailed } from "../tool-messages.ts";
import { watchFolder } from "./watch-folder.ts";

export interface FinishedDump {
  /** Undefined when the archive is newer than we can read. */
  readonly checked: CheckedBackup | undefined;
  readonly warnings: readonly string[];
}

type Job = Pick<ToolJob, "args" | "folder" | "searchPath"> & { readonly tool: Tool };

/**
 * Runs pg_dump to its end and reads what it writes, on its way or afterwards.
 * @throws BackupError for what pg_dump says; DAMAGED when what it wrote cannot be read back
 */
export async function runDump(
  job: Job,
  output: DumpOutput,
  context: DumpContext,
  checker: BackupChecker,
): Promise<FinishedDump> {
  const progress = new DumpingProgress(context.progress, tableLine);
  const messages = new ToolMessages((text) => progress.says(text));
  const run = { ...job, messages, signal: context.signal };
  const onWritten = (): void =>
    context.progress.emit({ event: "phase", phase: "read-back", message: "reading what pg_dump wrote" });
  const read =
    output.kind === "file" ? fromPipe(run, output.sink, progress) : intoFolder(run, output, progress, onWritten);
  const checked = await read(checker);
  const warnings = messages.warnings.map(({ message, details }) => [message, ...details].join("; "));
  if (checked.error === undefined) return { checked: checked.backup, warnings };
  if (checked.error.code !== "UNSUPPORTED_FORMAT") throw checked.error;
  return {
    checked: undefined,
    warnings: [...warnings, `rows are not counted, and their checksums unknown: ${checked.error.message}`],
  };
}

const tableLine = /^dumping contents of (?:partition root )?table "(?<table>.*)"$/;

type Read = (checker: BackupChecker) => Promise<CheckedDump>;
type Run = ToolJob & { readonly tool: Tool; readonly messages: ToolMessages };

/** Standard output to the sink, with a reader beside. */
function fromPipe(run: Run, sink: ByteSink, progress: DumpingProgress): Read {
  const onBytes = (count: number): void => progress.passed(count);
  return (checker) =>
    pipeDump(run, sink, { checker, onBytes, requireSuccess: (running) => requireSuccess(run, running) });
}

/** pg_dump writes the files; they are taken over when it is done. */
function intoFolder(run: Run, output: FolderOutput, progress: DumpingProgress, onWritten: () => void): Read {
  return async (checker) => {
    const running = startTool(run);
    const watching = watchFolder(output.localPath!, (bytes) => progress.reached(bytes));
    try {
      await requireSuccess(run, running);
    } catch (error) {
      await running.stop();
      run.signal.throwIfAborted();
      throw error;
    } finally {
      watching.stop();
    }
    onWritten();
    const files = await output.adopt!();
    return await checkedDump(checker.check({ kind: "folder", files }, run.signal));
  };
}

async function requireSuccess(run: Run, running: ReturnType<typeof startTool>): Promise<void> {
  const status = await statusOf(run.tool, running);
  run.signal.throwIfAborted();
  if (status !== 0) throw toolFailed(run.tool.name, status, run.messages);
}
