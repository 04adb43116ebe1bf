import { BackupError } from "../core/backup-error.ts";
import type { DumpContext, Dumper, DumpOutput, DumpRequest, DumpResult } from "../ports/dump.ts";

/**
 * Backs up natively, and with the server's own programs what the native engine says that it does not support: only before
 * it has written anything. An error in data is an error.
 */
export function fallingBackDumper(native: Dumper, openTools: () => Promise<Dumper>): Dumper {
  return {
    check: (request) => native.check(request),
    async dump(request, output, context) {
      const watched = watchedOutput(output);
      try {
        return await native.dump(request, watched.output, context);
      } catch (error) {
        if (watched.isTouched() || !(error instanceof BackupError && error.isForOthers)) throw error;
        return await dumpWithTools(await openTools(), { request, output, context }, error);
      }
    },
  };
}

interface Dump {
  readonly request: DumpRequest;
  readonly output: DumpOutput;
  readonly context: DumpContext;
}

async function dumpWithTools(tools: Dumper, { request, output, context }: Dump, why: BackupError): Promise<DumpResult> {
  try {
    tools.check(request);
  } catch (error) {
    throw withoutHelp(why, error);
  }
  const message = `--engine auto falls back to the server's own programs: ${why.message}`;
  context.progress.emit({ event: "warning", message });
  try {
    const result = await tools.dump(request, output, context);
    return { ...result, warnings: [message, ...result.warnings] };
  } catch (error) {
    // That there is no such program says nothing of what is wrong with the database.
    if (error instanceof BackupError && error.code === "NOT_FOUND") throw withoutHelp(why, error);
    throw error;
  }
}

/** What the native engine cannot, and why the other cannot either. */
function withoutHelp(why: BackupError, error: unknown): BackupError {
  if (!(error instanceof BackupError)) throw error;
  return new BackupError({
    code: why.code,
    message: why.message,
    ...(why.object === undefined ? {} : { object: why.object }),
    details: [...why.details, `--engine auto cannot fall back: ${error.message}`, ...error.details],
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    cause: error,
  });
}

/** An output that notes whether something was written. */
function watchedOutput(output: DumpOutput): { readonly output: DumpOutput; isTouched(): boolean } {
  let touched = false;
  const isTouched = (): boolean => touched;
  if (output.kind === "file") {
    const { sink } = output;
    const write = (bytes: Uint8Array): Promise<void> => {
      touched = true;
      return sink.write(bytes);
    };
    return { output: { ...output, sink: { write } }, isTouched };
  }
  const createFile: typeof output.createFile = (name) => {
    touched = true;
    return output.createFile(name);
  };
  return { output: { ...output, createFile }, isTouched };
}
