import { runCli } from "../frontends/cli/run-cli.ts";
import { watchInterruption } from "./interruption.ts";
import { readStart } from "./launcher-link.ts";
import { createServices } from "./services.ts";
import { tuneV8 } from "./tune-v8.ts";

/** How long something may keep the process alive after the command has ended, before it is ended by force. */
const LINGER_MS = 5000;

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
process.exitCode = status;
setTimeout(() => process.exit(status), LINGER_MS).unref();
