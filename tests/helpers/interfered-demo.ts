// The demo, as the program runs it, but that somebody changes one row between restore and comparison.
import { commands } from "../../src/frontends/cli/commands.ts";
import { demoCommand } from "../../src/frontends/cli/run/demo.ts";
import { runCli } from "../../src/frontends/cli/run-cli.ts";
import { createServices } from "../../src/main/services.ts";

const run = demoCommand({
  interfere: async (session) => {
    await session.query("update stock.movements set quantity = quantity + 1 where id = 1500");
  },
});

process.exitCode = await runCli({
  args: ["demo"],
  environment: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: new AbortController().signal,
  services: createServices(),
  commands: commands.map((command) =>
    command.words[0] === "demo" ? { ...command, load: async () => ({ run }) } : command,
  ),
});
