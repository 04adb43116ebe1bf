// The program of the thread of look-thread.ts.
import { lstatSync, type Stats } from "node:fs";
import { sep } from "node:path";
import { parentPort } from "node:worker_threads";
import { FAILED, type LookOrder, NO_FILE } from "./look-messages.ts";

const owner = parentPort!;
const { NaN: noTime } = Number;

function look(path: string): Stats | undefined | typeof FAILED {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return FAILED;
  }
}

owner.on("message", ({ location, keys, answer, at: begin }: LookOrder) => {
  let at = begin;
  for (const key of Buffer.from(keys.buffer, keys.byteOffset, keys.length).toString().split("\0")) {
    const found = look(`${location}${sep}${key}`);
    const isFile = typeof found === "object" && found.isFile();
    answer[at++] = isFile ? found.size : found === FAILED ? FAILED : NO_FILE;
    answer[at++] = isFile ? Math.round(found.mtimeMs) : noTime;
  }
  owner.postMessage("done");
});
