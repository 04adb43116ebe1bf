import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { parseArgs, promisify } from "node:util";
import { runPairs, type Side, summarize } from "../pairs.ts";
import { formatTable } from "../statistics.ts";

const help = `npm run bench -- storage [OPTION]...

Sends the same bytes as one object to a server on this machine that speaks S3 and discards them: the uploader of the AWS SDK
(@aws-sdk/lib-storage, four parts of 8 MiB beside each other) and dbbackup's writer, in turn.

  --megabytes N   default: 1000
  --pairs N       default: 5
`;

/** The uploader of the SDK beside ours. */
export async function benchStorage(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean" },
      megabytes: { type: "string", default: "1000" },
      pairs: { type: "string", default: "5" },
    },
  });
  if (values.help === true) {
    process.stdout.write(help);
    return 0;
  }
  const sink = spawn(process.execPath, [join(import.meta.dirname, "sink-server.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [port] = (await once(createInterface(sink.stdout), "line")) as [string];
    const pairs = await runPairs(
      uploader("sdk", port, values.megabytes),
      uploader("ours", port, values.megabytes),
      Number(values.pairs),
    );
    const { ratios, seconds, peakMiB } = summarize(pairs);
    const rows = [
      ["time", "cpu", "SDK s", "ours s", "SDK MiB", "ours MiB"],
      [
        ratios.time.toFixed(3),
        ratios.cpu.toFixed(2),
        seconds.peer.toFixed(2),
        seconds.ours.toFixed(2),
        peakMiB.peer.toFixed(0),
        peakMiB.ours.toFixed(0),
      ],
    ];
    process.stdout.write(formatTable(rows, 0));
    return 0;
  } finally {
    sink.kill();
  }
}

function uploader(who: "ours" | "sdk", port: string, megabytes: string): Side {
  return {
    run: async () => {
      const program = join(import.meta.dirname, "upload-once.ts");
      const { stdout } = await promisify(execFile)(process.execPath, [program, who, port, megabytes]);
      const { seconds, cpu, peak } = JSON.parse(stdout) as Record<string, number>;
      return {
        seconds: seconds!,
        cpuSeconds: cpu!,
        peakMiB: peak!,
        memory: [],
        isTimedOut: false,
        serverCpuSeconds: 0,
      };
    },
  };
}
