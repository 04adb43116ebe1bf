import { BackupError } from "../../../core/backup-error.ts";
import type { BackupChecker, CheckedBackup } from "../../../ports/backup-checker.ts";
import type { ByteSink } from "../../../ports/byte-sink.ts";
import { PassingBytes } from "./passing-bytes.ts";
import { startTool, type ToolJob } from "./run-tool.ts";

/** What reading a backup back found, or what is wrong with it. */
export interface CheckedDump {
  readonly backup?: CheckedBackup;
  readonly error?: BackupError;
}

export interface PipedDumpOptions {
  readonly checker: BackupChecker;
  readonly onBytes: (count: number) => void;
  /** Resolves when the program has come to its end without an error. */
  readonly requireSuccess: (running: ReturnType<typeof startTool>) => Promise<void>;
}

/** Runs a program whose standard output goes to the sink, with a reader beside. */
export async function pipeDump(
  run: ToolJob,
  sink: ByteSink,
  { checker, onBytes, requireSuccess }: PipedDumpOptions,
): Promise<CheckedDump> {
  const passing = new PassingBytes();
  const reading = checkedDump(checker.checkStream(passing.read(), run.signal)).finally(() => passing.leave());
  const running = startTool(run);
  try {
    for await (const bytes of running.stdout as AsyncIterable<Buffer>) {
      await Promise.all([sink.write(bytes), passing.write(bytes)]);
      onBytes(bytes.length);
    }
    await requireSuccess(running);
  } catch (error) {
    await running.stop();
    run.signal.throwIfAborted();
    throw error;
  } finally {
    passing.end();
    await reading;
  }
  return await reading;
}

/** Never rejects for what is wrong with the backup: the program's own words come first. */
export async function checkedDump(checking: Promise<CheckedBackup>): Promise<CheckedDump> {
  try {
    return { backup: await checking };
  } catch (error) {
    if (error instanceof BackupError) return { error };
    throw error;
  }
}
