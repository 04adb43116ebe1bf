import { BackupError } from "../../../core/backup-error.ts";
import { plainLimits } from "../../../core/plain-limits.ts";
import { recognizeCompression } from "../../../core/recognize-compression.ts";
import type { BackupFiles } from "../../../ports/backup-files.ts";
import type { Codec } from "../../../ports/codec.ts";
import { fileBytes } from "../directory/file-bytes.ts";

/**
 * How statements of mydumper end. Its loader looks for nothing else: bodies of stored code hold semicolons, with a blank
 * behind them where a line ends.
 */
export const statementEnd = ";\n";

const headBytes = 16;

/** Plain bytes of a file, whatever it is compressed with. @throws BackupError DAMAGED */
export async function* plainFile(files: BackupFiles, name: string, codec: Codec): AsyncGenerator<Uint8Array> {
  const stored = files.sizes.get(name);
  if (stored === undefined) {
    throw new BackupError({
      code: "DAMAGED",
      message: `"${name}" is missing`,
      object: name,
      hint: "use another copy of the backup",
    });
  }
  const object = await files.open(name);
  const head = Buffer.alloc(headBytes);
  const compression = await object
    .readAt(0, head)
    .then((count) => recognizeCompression(head.subarray(0, count)))
    .finally(() => object.close());
  if (compression === "none") {
    yield* fileBytes(files, name);
    return;
  }
  try {
    const { unquestionedPlainBytes, plainRatio } = plainLimits;
    const maxPlainBytes = Math.max(unquestionedPlainBytes, stored * plainRatio);
    yield* codec.decompress(compression, "gzip", fileBytes(files, name), { maxPlainBytes });
  } catch (error) {
    throw error instanceof BackupError && error.code === "DAMAGED" ? error.on(name) : error;
  }
}

/** The same of a script, which must end with a statement's end: else it was cut off. @throws BackupError DAMAGED */
export async function* scriptFile(files: BackupFiles, name: string, codec: Codec): AsyncGenerator<Uint8Array> {
  let last = 0;
  let isEmpty = true;
  for await (const piece of plainFile(files, name, codec)) {
    const end = piece.findLast((byte) => byte > 0x20);
    if (end !== undefined) last = end;
    if (piece.length > 0) isEmpty = false;
    yield piece;
  }
  if (isEmpty || last === 0x3b) return;
  throw new BackupError({
    code: "DAMAGED",
    message: `"${name}" ends within a statement: it was cut off`,
    object: name,
    hint: "use another copy of the backup",
  });
}
