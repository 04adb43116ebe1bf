import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "./bundle.ts";
import { writeManPages } from "./man-pages.ts";

const root = join(import.meta.dirname, "..");
/** Fields of package.json that mean something to those who install the package. */
const kept = ["name", "version", "description", "license", "type", "engines", "bin", "files"];

/**
 * Makes the npm package as a folder, to be packed with `npm pack FOLDER`. The bundle needs no other package, and the
 * embedded Node and PostgreSQL are for checkouts only: they would add 200 MB.
 */
export async function stagePackage(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, unknown>;
  const published = Object.fromEntries(kept.filter((key) => key in manifest).map((key) => [key, manifest[key]]));
  // npm links them where man looks.
  published.man = writeManPages(join(folder, "man")).map((name) => `./man/${name}`);
  published.files = [...(published.files as string[]), "man/"];
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(published, undefined, 2)}\n`);
  for (const name of manifest.files as string[]) {
    if (name === "dist/") continue;
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  await bundle(join(folder, "dist"));
}
