import { join } from "node:path";
import type { DatabaseReport, Difference } from "../../bench/parity/difference.ts";
import type { DumpFormat } from "../../src/core/dump-format.ts";
import { foreignVariables } from "./dbbackup.ts";
import { runProgram } from "./run-program.ts";
import type { TestDatabase } from "./test-database.ts";

const program = join(import.meta.dirname, "..", "..", "bench", "parity", "main.ts");

export interface ParityRun {
  readonly status: number;
  readonly formats: readonly DumpFormat[];
  readonly differences: readonly (Difference & { readonly format: DumpFormat })[];
}

/** Runs `npm run parity` on one database. */
export async function runParity(
  { name, url }: TestDatabase,
  toolsPath: string,
  formats: readonly DumpFormat[],
): Promise<ParityRun> {
  const args = ["--url", url, "--tools-path", toolsPath, "--formats", formats.join(","), "--json", name];
  const { status, stdout, stderr } = await runProgram(process.execPath, [program, ...args], { env: foreignVariables });
  if (stderr !== "") throw new Error(stderr);
  const [report] = (JSON.parse(stdout.toString()) as { readonly databases: readonly DatabaseReport[] }).databases;
  return {
    status,
    formats: report!.formats.map(({ format }) => format),
    differences: report!.formats.flatMap(({ format, differences }) => differences.map((one) => ({ ...one, format }))),
  };
}
