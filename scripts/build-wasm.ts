import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { compileWasm, wasmModules } from "./compile-wasm.ts";

/** Compiles the AssemblyScript sources and writes each as a TypeScript module with the bytes in base64. */
const root = resolve(import.meta.dirname, "..");
for (const module of wasmModules) {
  writeFileSync(join(root, module.output), await compileWasm(root, module));
  process.stderr.write(`${module.source} -> ${module.output}\n`);
}
