// The program of a thread that deflates what lies in the memory it shares with its owner, deflate-thread.ts.
import { parentPort, workerData } from "node:worker_threads";
import type { DeflateAnswer, DeflateOrder, DeflateStart } from "./deflate-messages.ts";
import { deflateArea, openDeflate } from "./deflate-module.ts";

const { module, memory } = workerData as DeflateStart;
const wasm = openDeflate(module, memory);
const owner = parentPort!;

owner.on("message", ({ area, history, length }: DeflateOrder) => {
  const { input, output } = deflateArea(area);
  const checksum = wasm.adler32(1, input, length) >>> 0;
  const size = wasm.deflate(history, input, length, output);
  owner.postMessage({ area, size, checksum } satisfies DeflateAnswer);
});
