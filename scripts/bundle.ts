import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");

/** Bundles the program into a folder: `dbbackup.mjs`, and beside it what runs as a process of its own. */
export async function bundle(outdir: string): Promise<void> {
  await build({
    absWorkingDir: root,
    outdir,
    entryPoints: { dbbackup: "src/main/cli.ts", supervisor: "src/embedded/supervisor.ts" },
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    // Names and lines stay: a stack in an error report must say where it was.
    minifySyntax: true,
    legalComments: "inline",
    logLevel: "warning",
  });
}
