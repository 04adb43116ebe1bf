// Adds up vitest's JSON reports in a folder and prints `N passed, N failed` alone on a line, for whoever reads logs by
// program. A test file that could not even be loaded counts as one failed test. Runs under any Node.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
let passed = 0;
let failed = 0;
for (const name of readdirSync(folder).filter((file) => file.endsWith(".json"))) {
  const report = JSON.parse(readFileSync(join(folder, name), "utf8"));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  for (const file of report.testResults) {
    if (file.status === "failed" && file.assertionResults.length === 0) failed += 1;
  }
}
console.log(`${passed} passed, ${failed} failed`);
