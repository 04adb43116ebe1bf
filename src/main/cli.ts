import { runCli } from "../frontends/cli/run-cli.ts";
import { watchInterruption } from "./interruption.ts";
import { readStart } from "./launcher-link.ts";
import { createServices } from "./services.ts";
import { tuneV8 } from "./tune-v8.ts";

tuneV8();
const start = readStart(process.argv);
const status = await runCli({
  args: start.args,
  environment: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: watchInterruption(start),
  services: createServices(),
  // The launcher hid the arguments, which may hold a password.
  announce: (words) => {
    process.title = ["dbbackup", ...words].join(" ");
  },
});
await Promise.all([process.stdout, process.stderr].map(written));
// Left to itself, Node would give back a heap of hundreds of megabytes piece by piece.
process.exit(status);

/** When all that was printed is written, or cannot be. */
async function written(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength > 0) await new Promise((resolve) => stream.write("", resolve));
}
