// Bundles the program into dist/: what the npm package holds instead of the sources.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "./bundle.ts";

const outdir = join(import.meta.dirname, "..", "dist");
rmSync(outdir, { recursive: true, force: true });
await bundle(outdir);
