import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commands } from "../src/frontends/cli/commands.ts";
import { manPages } from "../src/frontends/cli/man-page.ts";
import { version } from "../src/main/version.ts";

/** Writes one page for the program and one for each command; answers their names. */
export function writeManPages(folder: string): readonly string[] {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const pages = manPages(commands, version);
  for (const { file, text } of pages) writeFileSync(join(folder, file), text);
  return pages.map(({ file }) => file);
}
