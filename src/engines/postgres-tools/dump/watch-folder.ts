import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

const POLL_MS = 1000;

/** Tells now and then how many bytes the files of a folder hold, while somebody else writes them. */
export function watchFolder(folder: string, onBytes: (bytes: number) => void): { stop(): void } {
  let isReading = false;
  const timer = setInterval(() => {
    if (isReading) return;
    isReading = true;
    void bytesIn(folder)
      .then(onBytes)
      .finally(() => {
        isReading = false;
      });
  }, POLL_MS);
  return { stop: () => clearInterval(timer) };
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  // What cannot be read is not shown: whoever takes the files over will say why.
  for (const name of await readdir(folder).catch(() => [])) {
    bytes += await stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    );
  }
  return bytes;
}
