import { writeFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { basename, join } from "node:path";
import { type BuildOptions, build, type Metafile, type Plugin } from "esbuild";
import { notices } from "./notices.ts";

const root = join(import.meta.dirname, "..");

/**
 * Loads Node's own modules when the code that needs them is first run. As imports of the bundle they would all be loaded
 * at its start, TLS and SQLite for `--help` too, which doubled its time. Each name is looked up once, and those that
 * nobody imports are left out: esbuild's own way to import a CommonJS module makes a getter for each name of a module, for
 * each file that imports it, a tenth of the time until a connection is opened. CommonJS modules of SDKs get the module itself,
 * which may be a function.
 */
const lazyBuiltins: Plugin = {
  name: "lazy-builtins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === "require-call"
        ? { path, namespace: "required-builtin" }
        : { path, namespace: "builtin", sideEffects: false },
    );
    onResolve({ filter: /^[a-z_]+(\/[a-z]+)?$/ }, ({ path, kind }) =>
      kind === "require-call" && isBuiltin(path) ? { path: `node:${path}`, namespace: "required-builtin" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "required-builtin" }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
    onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => {
      const names = Object.keys(process.getBuiltinModule(path)!).filter(
        (name) => /^\w+$/.test(name) && name !== "default",
      );
      return {
        contents: [
          `const builtin = process.getBuiltinModule(${JSON.stringify(path)});`,
          "const named = (name) => builtin[name];",
          "export default builtin;",
          ...names.map((name) => `const $${name} = /* @__PURE__ */ named("${name}"); export { $${name} as ${name} };`),
        ].join("\n"),
      };
    });
  },
};

/** SDKs of services that few runs need, each in a file of its own beside the program: as parts of it they would double its size. */
const sdks = ["s3-sdk", "azure-sdk", "azure-identity", "gcs-sdk", "sftp-sdk"];

/** Leaves SDKs where they are, for the moment in which somebody imports them. */
const sdksBeside: Plugin = {
  name: "sdks-beside",
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`/(?:${sdks.join("|")})\\.ts$`) }, ({ path, kind }) => {
      if (kind !== "dynamic-import") return undefined;
      return { path: `./${basename(path, ".ts")}.mjs`, external: true };
    });
  },
};

/**
 * Bundles the program into a folder: `dbbackup.mjs` and the parts that it loads when they are needed, what runs as a process or a thread
 * of its own, and the notices of all packages that are in it. All lie side by side: they find each other by their own place.
 */
export async function bundle(outdir: string): Promise<void> {
  const program = await bundled(outdir, {
    entryPoints: {
      dbbackup: "src/main/cli.ts",
      supervisor: "src/embedded/supervisor.ts",
      "tool-guard": "src/engines/common/tools/guard.ts",
      "deflate-worker": "src/stages/deflate/deflate-worker.ts",
    },
    // What a command does not need is not read: as one file of 3 MB, `--help` took 53 ms of CPU where it takes 37 now, and Node.js 20.
    splitting: true,
    chunkNames: "[name]-[hash]",
  });
  const services = await bundled(outdir, {
    entryPoints: Object.fromEntries(sdks.map((name) => [name, `src/storage/${name.replace(/-.*/, "")}/${name}.ts`])),
  });
  const inputs = [...Object.keys(program.inputs), ...Object.keys(services.inputs)];
  await writeFile(join(outdir, "NOTICES.txt"), notices(root, inputs));
}

async function bundled(outdir: string, options: BuildOptions): Promise<Metafile> {
  const { metafile } = await build({
    ...options,
    metafile: true,
    absWorkingDir: root,
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    plugins: [lazyBuiltins, sdksBeside],
    // What CommonJS has of itself.
    define: { __dirname: "import.meta.dirname", __filename: "import.meta.filename" },
    // Native parts of ssh2, which does without: they are not built here.
    external: ["cpu-features", "*.node"],
    // Names and lines stay: a stack in an error report must say where it was.
    minifySyntax: true,
    legalComments: "inline",
    logLevel: "warning",
  });
  return metafile;
}
