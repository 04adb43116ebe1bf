import { writeFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { basename, join, relative } from "node:path";
import { type OutputChunk, type OutputOptions, type Plugin, rolldown } from "rolldown";
import { notices } from "./notices.ts";

const root = join(import.meta.dirname, "..");
const builtin = "\0builtin:";
const requiredBuiltin = "\0required-builtin:";

/**
 * Loads Node's own modules when the code that needs them is first run. As imports of the bundle they would all be loaded
 * at its start, TLS and SQLite for `--help` too, which doubled its time. Each name is looked up once, and those that
 * nobody imports are left out. CommonJS modules of SDKs get the module itself, which may be a function.
 */
const lazyBuiltins: Plugin = {
  name: "lazy-builtins",
  resolveId(source, _importer, { kind }) {
    const isRequired = kind === "require-call";
    if (source.startsWith("node:")) {
      return isRequired ? requiredBuiltin + source : { id: builtin + source, moduleSideEffects: false };
    }
    return isRequired && isBuiltin(source) ? `${requiredBuiltin}node:${source}` : undefined;
  },
  load(id) {
    if (id.startsWith(requiredBuiltin)) {
      return `module.exports = process.getBuiltinModule(${JSON.stringify(id.slice(requiredBuiltin.length))});`;
    }
    if (!id.startsWith(builtin)) return undefined;
    const path = id.slice(builtin.length);
    const names = Object.keys(process.getBuiltinModule(path)!).filter(
      (name) => /^\w+$/.test(name) && name !== "default",
    );
    return [
      `const builtin = process.getBuiltinModule(${JSON.stringify(path)});`,
      "const named = (name) => builtin[name];",
      "export default builtin;",
      ...names.map((name) => `const $${name} = /* @__PURE__ */ named("${name}"); export { $${name} as ${name} };`),
    ].join("\n");
  },
};

/** SDKs of services that few runs need, each in a file of its own beside the program: as parts of it they would double its size. */
const sdks = ["s3-sdk", "azure-sdk", "azure-identity", "gcs-sdk", "sftp-sdk"];
const sdkModule = new RegExp(`/(?:${sdks.join("|")})\\.ts$`);

/** Leaves SDKs where they are, for the moment in which somebody imports them. */
const sdksBeside: Plugin = {
  name: "sdks-beside",
  resolveId(path, _importer, { kind }) {
    if (kind !== "dynamic-import" || !sdkModule.test(path)) return undefined;
    return { id: `./${basename(path, ".ts")}.mjs`, external: true };
  },
};

/** V8 keeps all of a file in two bytes for each character, and takes twice as long, when one of them is beyond Latin-1. */
const asLatin1: Plugin = {
  name: "as-latin-1",
  renderChunk: (code) =>
    code.replace(/[^\0-\xff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
};

const main = "src/main/cli.ts";

/** What runs as a process or a thread of its own. */
const programs = {
  dbbackup: main,
  supervisor: "src/embedded/supervisor.ts",
  "tool-guard": "src/engines/common/tools/guard.ts",
  "deflate-worker": "src/stages/deflate/deflate-worker.ts",
};

/** A thread that is to begin at once: it has all that it needs in its own file. */
const lookWorker = { "look-worker": "src/storage/local/look-worker.ts" };

/**
 * What a command does not need is not read: as one file of 3 MB, `--help` took 53 ms of CPU where it takes 37 now, and Node.js 20.
 * Nor are there too many files: left to itself, the bundler makes one for each set of commands that share modules, 119 for a
 * backup of PostgreSQL, which take 30 ms more than few with a little more in each. What is shared by this many parts of the program
 * goes into one file for each layer.
 */
const sharedByMany = 6;

/**
 * Bundles the program into a folder: `dbbackup.mjs` and the parts that it loads when they are needed, what runs as a process or a thread
 * of its own, and the notices of all packages that are in it. All lie side by side: they find each other by their own place.
 */
export async function bundle(outdir: string): Promise<void> {
  const atStart = new Set<string>();
  const chunks = await bundled(outdir, programs, {
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [
        {
          name: (id, bundler) => {
            const importsOf = (module: string) => bundler.getModuleInfo(module)?.importedIds ?? [];
            if (atStart.size === 0) addImported(join(root, main), atStart, importsOf);
            return atStart.has(id) ? "start" : null;
          },
          debugName: "start",
          priority: 1,
        },
        { name: (id) => (isProgram(id) ? null : layerOf(id)), debugName: "layer", minShareCount: sharedByMany },
      ],
    },
  });
  refuseCycles(chunks);
  for (const name of sdks) {
    const input = `src/storage/${name.replace(/-.*/, "")}/${name}.ts`;
    chunks.push(...(await bundled(outdir, { [name]: input }, { codeSplitting: false })));
  }
  chunks.push(...(await bundled(outdir, lookWorker, { codeSplitting: false })));
  const inputs = chunks.flatMap(({ moduleIds }) => moduleIds.map((id) => relative(root, id)));
  await writeFile(join(outdir, "NOTICES.txt"), notices(root, inputs));
}

/** A program waits for what it does before it counts as loaded: who imports its file would wait for it, and it for them. */
function isProgram(id: string): boolean {
  return Object.values(programs).includes(relative(root, id));
}

/** All that a module imports before it runs, itself left out. */
function addImported(id: string, found: Set<string>, importsOf: (id: string) => readonly string[]): void {
  for (const imported of importsOf(id)) {
    if (found.has(imported)) continue;
    found.add(imported);
    addImported(imported, found, importsOf);
  }
}

/** Files that may be loaded without each other; none imports one that is named before it. See docs/ARCHITECTURE.md. */
function layerOf(id: string): string {
  const path = relative(join(root, "src"), id);
  const engine = /^(?:engines|wire)\/(postgres|mysql)(?:-tools)?\//.exec(path)?.[1];
  if (engine !== undefined) return engine;
  if (path.startsWith("storage/")) return "storage";
  return /^(?:commands|frontends|catalogue|main|demo|embedded)\//.test(path) ? "upper" : "base";
}

/** @throws Error for files that import each other: their modules would see what is not there yet. */
function refuseCycles(chunks: readonly OutputChunk[]): void {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  for (const { fileName } of chunks) {
    const found = new Set<string>();
    addImported(fileName, found, (name) => byName.get(name)?.imports ?? []);
    if (found.has(fileName)) throw new Error(`${fileName} imports itself by way of ${[...found].join(", ")}`);
  }
}

async function bundled(
  outdir: string,
  input: Readonly<Record<string, string>>,
  output: OutputOptions,
): Promise<OutputChunk[]> {
  await using build = await rolldown({
    cwd: root,
    input,
    platform: "node",
    plugins: [lazyBuiltins, sdksBeside, asLatin1],
    transform: {
      target: "node24",
      // What CommonJS has of itself.
      define: { __dirname: "import.meta.dirname", __filename: "import.meta.filename" },
    },
    // Native parts of ssh2, which does without: they are not built here.
    external: ["cpu-features", /\.node$/],
    // What nobody but the program itself imports need not keep the names under which it exports.
    preserveEntrySignatures: output.codeSplitting === false ? "strict" : false,
    onLog(level, log, handle) {
      if (log.code !== "INEFFECTIVE_DYNAMIC_IMPORT") handle(level === "warn" ? "error" : level, log);
    },
  });
  const written = await build.write({
    ...output,
    dir: outdir,
    format: "esm",
    entryFileNames: "[name].mjs",
    chunkFileNames: "[name]-[hash].mjs",
    hashCharacters: "hex",
    // Names and lines stay: a stack in an error report must say where it was.
    minify: false,
    comments: { legal: true, annotation: false, jsdoc: false },
  });
  return written.output.filter((file) => file.type === "chunk");
}
