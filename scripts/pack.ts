// Makes the npm package: dbbackup-VERSION.tgz in the checkout's root.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stagePackage } from "./stage-package.ts";

const folder = mkdtempSync(join(tmpdir(), "dbbackup-package-"));
try {
  await stagePackage(folder);
  const root = join(import.meta.dirname, "..");
  process.exitCode = spawnSync("npm", ["pack", folder], { cwd: root, stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(folder, { recursive: true });
}
