import type { DataWriter } from "./archive-writer.ts";
import type { TextOutput } from "./text-output.ts";

/** `INV_WRITE` of PostgreSQL's large object interface. */
const largeObjectWriteMode = 131_072;
/** Bytes of a large object in one statement of a script, as in pg_dump's. */
const pieceBytes = 16 * 1024;

/**
 * Writes one large object, which exists already, as statements of a script: opened as descriptor 0, filled piece by
 * piece, closed.
 * @param conforming `standard_conforming_strings` of the script
 */
export async function openLargeObjectText(
  output: TextOutput,
  oid: number,
  conforming: boolean,
  recycle: ((block: Buffer) => void) | undefined,
): Promise<DataWriter> {
  await output.text(`SELECT pg_catalog.lo_open('${oid}', ${largeObjectWriteMode});\n`);
  const piece = Buffer.allocUnsafe(pieceBytes);
  const backslash = conforming ? "\\" : "\\\\";
  let filled = 0;
  const flush = async (): Promise<void> => {
    if (filled === 0) return;
    await output.text(`SELECT pg_catalog.lowrite(0, '${backslash}x${piece.toString("hex", 0, filled)}');\n`);
    filled = 0;
  };
  return {
    async write(block) {
      for (let at = 0; at < block.length; ) {
        const step = Math.min(block.length - at, pieceBytes - filled);
        block.copy(piece, filled, at, at + step);
        filled += step;
        at += step;
        if (filled === pieceBytes) await flush();
      }
      recycle?.(block);
    },
    async end() {
      await flush();
      await output.text("SELECT pg_catalog.lo_close(0);\n\n");
    },
  };
}
