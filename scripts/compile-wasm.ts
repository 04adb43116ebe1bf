import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The part of the compiler's interface that is used here. */
interface Compiler {
  main(
    args: readonly string[],
    host: {
      readFile(name: string, baseDir: string): string | null;
      writeFile(name: string, contents: string | Uint8Array): void;
      listFiles(): readonly string[];
    },
  ): Promise<{ readonly error: Error | null; readonly stderr: { toString(): string } }>;
}

export interface WasmModule {
  /** The AssemblyScript source, from the root of the tree. */
  readonly source: string;
  /** The TypeScript module that carries the compiled bytes. */
  readonly output: string;
  /** What the bytes are called there. */
  readonly name: string;
  /** When its memory is shared between threads: the most pages of 64 KiB that it may have, which must be said ahead. */
  readonly mostSharedPages?: number;
}

export const wasmModules: readonly WasmModule[] = [
  {
    source: "src/wire/postgres/copy-scanner.as.ts",
    output: "src/wire/postgres/copy-scanner.wasm.ts",
    name: "copyScannerWasm",
  },
  {
    source: "src/wire/mysql/values/values-scanner.as.ts",
    output: "src/wire/mysql/values/values-scanner.wasm.ts",
    name: "valuesScannerWasm",
  },
  {
    source: "src/wire/mysql/rows/insert-scanner.as.ts",
    output: "src/wire/mysql/rows/insert-scanner.wasm.ts",
    name: "insertScannerWasm",
  },
  { source: "src/stages/block-codec.as.ts", output: "src/stages/block-codec.wasm.ts", name: "blockCodecWasm" },
  {
    source: "src/stages/deflate/deflate.as.ts",
    output: "src/stages/deflate/deflate.wasm.ts",
    name: "deflateWasm",
    mostSharedPages: 160,
  },
];

/**
 * `stub`: no allocator and no collector, all memory is laid out by hand. The memory comes from the host, which knows how
 * much is needed, and never grows: growing would detach the views that sockets and compressors still use.
 */
const options = [
  ["-O3", "--converge", "--runtime", "stub", "--enable", "simd"],
  ["--importMemory", "--zeroFilledMemory", "--noExportMemory"],
].flat();

/**
 * Compiles one module and answers the TypeScript text that carries it. Base64 in a module, not a .wasm file, so that it
 * works alike from the sources, in a bundle of one file, and in a single executable.
 */
export async function compileWasm(root: string, module: WasmModule): Promise<string> {
  // By a variable, for the compiler's own types declare globals of its language, `console` among them.
  const compiler = "assemblyscript/asc";
  const asc = (await import(compiler)) as Compiler;
  let bytes: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [module.source, "--outFile", "out.wasm", ...options, ...sharedMemory(module)],
    {
      readFile: (name, baseDir) => readIfThere(join(baseDir === "." ? root : baseDir, name)),
      writeFile: (name, contents) => {
        if (name === "out.wasm" && typeof contents !== "string") bytes = contents;
      },
      listFiles: () => [],
    },
  );
  if (error || bytes === undefined) throw new Error(`"${module.source}" does not compile: ${stderr.toString()}`);
  return [
    `// Built by "npm run build:wasm" from ${module.source.split("/").at(-1)}; a test compares the two. Do not edit.`,
    `export const ${module.name} =`,
    `  "${Buffer.from(bytes).toString("base64")}";`,
    "",
  ].join("\n");
}

function sharedMemory({ mostSharedPages }: WasmModule): string[] {
  if (mostSharedPages === undefined) return [];
  return ["--enable", "threads", "--sharedMemory", "--maximumMemory", `${mostSharedPages}`];
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
