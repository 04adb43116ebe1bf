import type { BackupOutput } from "../ports/backup-output.ts";
import type { ByteSink } from "../ports/byte-sink.ts";

/**
 * Writes into an output: a file appears whole or not at all.
 * @param write fills it; when it throws, a file is not there
 * @throws BackupError EXISTS, IO
 */
export async function writeOutput<R>(output: BackupOutput, write: (sink: ByteSink) => Promise<R>): Promise<R> {
  if (output.kind === "stream") {
    try {
      return await write(output.sink);
    } finally {
      await output.close();
    }
  }
  const work = await output.storage.beginWork();
  try {
    const pending = await work.create();
    const result = await write(pending);
    await pending.commit(output.key, "seal");
    return result;
  } finally {
    await work.end();
  }
}

/** Text, a line each. */
export async function writeLines(output: BackupOutput, lines: readonly string[]): Promise<void> {
  await writeOutput(output, (sink) => sink.write(Buffer.from(`${lines.join("\n")}\n`)));
}
