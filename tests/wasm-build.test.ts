import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { compileWasm, wasmModules } from "../scripts/compile-wasm.ts";

const root = resolve(import.meta.dirname, "..");

test.each(wasmModules)("$output holds what $source gives", async (module) => {
  const committed = readFileSync(join(root, module.output), "utf8");
  const fresh = await compileWasm(root, module);
  expect(committed === fresh, 'run "npm run build:wasm" and commit what it writes').toBe(true);
});
