import { defineConfig } from "vitest/config";
import { EndToEndFirst } from "./tests/helpers/end-to-end-first.ts";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "tests/**/*.test.ts"],
    exclude: ["**/*.full.test.ts", "node_modules/**"],
    pool: "forks",
    // One process for many files: no file changes what is global to a process, and each start costs 0.3 s of CPU.
    isolate: false,
    maxWorkers: 2,
    sequence: { sequencer: EndToEndFirst },
    // A few take 20 seconds; beside other work three times as long. A virtual machine, or one of its processors with what runs
    // there, may stand still for a minute at any moment. What waits longer waits for what does not come.
    testTimeout: 300_000,
    expect: { poll: { timeout: 120_000 } },
    hookTimeout: 300_000,
    globalSetup: ["tests/helpers/global-setup.ts"],
  },
});
