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
    // A few take 20 seconds; beside other work three times as long.
    testTimeout: 120_000,
    // What is waited for comes in milliseconds; on a busy machine the usual second is too short.
    expect: { poll: { timeout: 20_000 } },
    hookTimeout: 120_000,
    globalSetup: ["tests/helpers/global-setup.ts"],
  },
});
