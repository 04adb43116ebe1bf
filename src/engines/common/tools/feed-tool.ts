import { startTool, statusOf, type ToolJob } from "./run-tool.ts";

/** Runs a program that reads its input from a pipe. Answers its exit status. */
export async function feedTool(
  run: Omit<ToolJob, "input">,
  input: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void,
): Promise<number> {
  const running = startTool({ ...run, input: "pipe" });
  running.stdout.resume();
  try {
    for await (const bytes of input) {
      // It ends early when it stops at an error: its status tells.
      if (running.stdin.destroyed) break;
      if (!running.stdin.write(bytes)) await Promise.race([drained(running.stdin), running.ended]);
      onBytes(bytes.length);
    }
    running.stdin.end();
    return await statusOf(run.tool, running);
  } finally {
    await running.stop();
    run.signal.throwIfAborted();
  }
}

function drained(stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off("drain", done);
      stream.off("close", done);
      resolve();
    };
    stream.on("drain", done);
    stream.on("close", done);
  });
}
