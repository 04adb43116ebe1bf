import { defineConfig } from "vitest/config";

/** Soaks and full matrices: minutes each. */
export default defineConfig({
  test: {
    include: ["src/**/*.full.test.ts", "tests/**/*.full.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    // The longest take three minutes alone. What hangs is named while there is time for the others.
    testTimeout: 480_000,
    // What is waited for comes in milliseconds; on a busy machine the usual second is too short.
    expect: { poll: { timeout: 20_000 } },
    hookTimeout: 180_000,
    globalSetup: ["tests/helpers/global-setup.ts"],
    passWithNoTests: true,
  },
});
