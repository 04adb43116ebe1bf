import { defineConfig } from "vitest/config";

/** Soaks and full matrices: minutes each. */
export default defineConfig({
  test: {
    include: ["src/**/*.full.test.ts", "tests/**/*.full.test.ts"],
    pool: "forks",
    maxWorkers: 2,
    // The longest take three minutes alone. What hangs is named while there is time for the others.
    testTimeout: 480_000,
    // See vitest.config.ts.
    expect: { poll: { timeout: 120_000 } },
    hookTimeout: 300_000,
    globalSetup: ["tests/helpers/global-setup.ts"],
    passWithNoTests: true,
  },
});
