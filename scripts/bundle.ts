import { join } from "node:path";
import { build, type Plugin } from "esbuild";

const root = join(import.meta.dirname, "..");

/**
 * Loads Node's own modules when the code that needs them is first run. As imports of the bundle they would all be loaded
 * at its start, TLS and SQLite for `--help` too, which doubled its time.
 */
const lazyBuiltins: Plugin = {
  name: "lazy-builtins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: "builtin" }));
    onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
    }));
  },
};

/** Bundles the program into a folder: `dbbackup.mjs`, and beside it what runs as a process or a thread of its own. */
export async function bundle(outdir: string): Promise<void> {
  await build({
    absWorkingDir: root,
    outdir,
    entryPoints: {
      dbbackup: "src/main/cli.ts",
      supervisor: "src/embedded/supervisor.ts",
      "deflate-worker": "src/stages/deflate/deflate-worker.ts",
    },
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    plugins: [lazyBuiltins],
    // Names and lines stay: a stack in an error report must say where it was.
    minifySyntax: true,
    legalComments: "inline",
    logLevel: "warning",
  });
}
