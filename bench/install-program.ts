import { cp, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { bundle } from "../scripts/bundle.ts";

const root = resolve(import.meta.dirname, "..");

/**
 * Puts the program into `folder` as the npm package has it, and answers the launcher's path. What users run is measured,
 * one bundled file, and not a checkout, which takes 0.15 s and 10 MiB more to load its sources.
 */
export async function installProgram(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await cp(join(root, "bin"), join(folder, "bin"), { recursive: true });
  await cp(join(root, "package.json"), join(folder, "package.json"));
  await bundle(join(folder, "dist"));
  return join(folder, "bin", "dbbackup.cjs");
}
