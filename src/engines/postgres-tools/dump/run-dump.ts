import { BackupError } from "../../../core/backup-error.ts";
import type { BackupChecker, CheckedBackup } from "../../../ports/backup-checker.ts";
import type { DumpContext, DumpOutput, FolderOutput } from "../../../ports/dump.ts";
import { startTool, statusOf, type ToolJob } from "../run-tool.ts";
import { ToolMessages, toolFailed } from "../tool-messages.ts";
import { DumpingProgress } from "./dumping-progress.ts";
import { PassingBytes } from "./passing-bytes.ts";
import { watchFolder } from "./watch-folder.ts";

export interface FinishedDump {
  /** Undefined when the archive is newer than we can read. */
  readonly checked: CheckedBackup | undefined;
  readonly warnings: readonly string[];
}

type Job = Pick<ToolJob, "tool" | "args" | "folder" | "searchPath">;

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
  const progress = new DumpingProgress(context.progress);
  const messages = new ToolMessages((text) => progress.says(text));
  const run = { ...job, messages, signal: context.signal };
  const read = output.kind === "file" ? fromPipe(run, output.sink, progress) : intoFolder(run, output, progress);
  const checked = await read(checker);
  const warnings = messages.warnings.map(({ message, details }) => [message, ...details].join("; "));
  if (checked.error === undefined) return { checked: checked.backup, warnings };
  if (checked.error.code !== "UNSUPPORTED_FORMAT") throw checked.error;
  return {
    checked: undefined,
    warnings: [...warnings, `rows are not counted, and their checksums unknown: ${checked.error.message}`],
  };
}

type Read = (checker: BackupChecker) => Promise<Checked>;
type Checked = { readonly backup?: CheckedBackup; readonly error?: BackupError };

/** Standard output to the sink, with a reader beside. */
function fromPipe(run: ToolJob, sink: { write(bytes: Uint8Array): Promise<void> }, progress: DumpingProgress): Read {
  return async (checker) => {
    const passing = new PassingBytes();
    const reading = outcomeOf(checker.checkStream(passing.read(), run.signal)).finally(() => passing.leave());
    const running = startTool(run);
    try {
      for await (const bytes of running.stdout as AsyncIterable<Buffer>) {
        await Promise.all([sink.write(bytes), passing.write(bytes)]);
        progress.passed(bytes.length);
      }
      await requireSuccess(run, running);
    } catch (error) {
      await running.stop();
      run.signal.throwIfAborted();
      throw error;
    } finally {
      passing.end();
      await reading;
    }
    return await reading;
  };
}

/** pg_dump writes the files; they are taken over when it is done. */
function intoFolder(run: ToolJob, output: FolderOutput, progress: DumpingProgress): Read {
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
    progress.checking();
    const files = await output.adopt!();
    return await outcomeOf(checker.check({ kind: "folder", files }, run.signal));
  };
}

async function requireSuccess(run: ToolJob, running: ReturnType<typeof startTool>): Promise<void> {
  const status = await statusOf(run.tool, running);
  run.signal.throwIfAborted();
  if (status !== 0) throw toolFailed(run.tool.name, status, run.messages);
}

/** Never rejects for what is wrong with the backup: pg_dump's own words come first. */
async function outcomeOf(checking: Promise<CheckedBackup>): Promise<Checked> {
  try {
    return { backup: await checking };
  } catch (error) {
    if (error instanceof BackupError) return { error };
    throw error;
  }
}
