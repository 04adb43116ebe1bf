import { fstatSync, write } from "node:fs";
import type { Writable } from "node:stream";
import { promisify } from "node:util";
import { BackupError } from "../../core/backup-error.ts";
import type { ByteSink } from "../../ports/byte-sink.ts";
import { hasCode, ioError } from "./io-error.ts";

const STDOUT = 1;
const writeFd = promisify(write);

/** A backup on its way out through stdout: a broken pipe is a failed backup, not a quiet end. */
export function openStdoutSink(stdout: Writable): ByteSink {
  // Node writes to files behind stdout synchronously, which would stop everything else meanwhile.
  if (fstatSync(STDOUT).isFile()) return { write: writeToFile };
  return {
    write: (bytes) =>
      new Promise<void>((resolve, reject) => {
        if (bytes.length === 0) return resolve();
        stdout.write(bytes, (error) => (error ? reject(outputError(error)) : resolve()));
      }),
  };
}

async function writeToFile(bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += (await writeFd(STDOUT, bytes, done, bytes.length - done, null)).bytesWritten;
    } catch (cause) {
      throw outputError(cause);
    }
  }
}

function outputError(cause: unknown): BackupError {
  if (!hasCode(cause, "EPIPE")) return ioError("writing", "stdout", cause);
  return new BackupError({
    code: "IO",
    message: "writing failed: nobody reads stdout any more",
    object: "stdout",
    hint: "the program behind the pipe has ended; look at its own error",
    cause,
  });
}
