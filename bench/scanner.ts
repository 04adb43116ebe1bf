import { CopyOutScanner } from "../src/wire/postgres/copy-out-scanner.ts";
import { RowScanner } from "../src/wire/postgres/row-scanner.ts";
import { formatTable } from "./statistics.ts";

const WIDTHS = [10, 30, 100, 200, 300, 1000, 10_000, 100_000];
/** Bytes for each width and scanner. */
const TOTAL = 1e9;
const INPUT = 250_000;

/** CPU time of taking rows out of messages, and of plain COPY text: counting and checksums included, no socket. */
export async function benchScanner(): Promise<number> {
  const rows = [["row bytes", "messages GB/s", "ns/row", "text GB/s", "ns/row"]];
  for (const width of WIDTHS) {
    const message = Buffer.alloc(width + 5, "a");
    message.write("d");
    message.writeUInt32BE(width + 4, 1);
    message[width + 4] = 10;
    const count = Math.max(1, Math.floor(INPUT / message.length));
    const repeats = Math.ceil(TOTAL / (count * width));
    const messages = Buffer.concat(Array.from({ length: count }, () => message));
    const text = Buffer.concat(Array.from({ length: count }, () => message.subarray(5)));
    const columns = [await scanMessages(messages, repeats), scanText(text, repeats)].flatMap((seconds) => [
      ((count * width * repeats) / 1e9 / seconds).toFixed(2),
      ((seconds * 1e9) / (count * repeats)).toFixed(0),
    ]);
    rows.push([`${width}`, ...columns]);
  }
  process.stdout.write(formatTable(rows, 1));
  return 0;
}

async function scanMessages(messages: Buffer, repeats: number): Promise<number> {
  const scanner = new CopyOutScanner({ transport: "tls", memory: { blocks: 6, blockSize: 1024 * 1024 } });
  scanner.start({ isIdle: true, push: (block) => scanner.recycle(block) });
  scanner.space().set(messages);
  return cpuSeconds(async () => {
    for (let i = 0; i < repeats; i++) {
      const step = scanner.received(messages.length);
      if (step.kind === "pause") await step.until;
    }
    scanner.finish();
  });
}

async function cpuSeconds(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  return process.cpuUsage(before).user / 1e6;
}

function scanText(text: Buffer, repeats: number): number {
  const scanner = new RowScanner();
  const before = process.cpuUsage();
  for (let i = 0; i < repeats; i++) scanner.push(text);
  scanner.finish();
  return process.cpuUsage(before).user / 1e6;
}
