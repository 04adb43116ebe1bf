import { join } from "node:path";
import type { BackupMetadata } from "../../src/core/metadata/metadata-schema.ts";
import { mustRun } from "../../tests/helpers/run-program.ts";
import type { Made } from "./difference.ts";

/** What users run. */
export const program = join(import.meta.dirname, "..", "..", "src", "main", "cli.ts");

export interface BackupJob {
  readonly database: string;
  /** Connection and engine. */
  readonly args: readonly string[];
  readonly output: string;
}

export interface MadeBackup extends Made {
  readonly metadata: BackupMetadata;
}

/** Runs the program as a user would, and tells what it took. */
export async function makeBackup({ database, args, output }: BackupJob): Promise<MadeBackup> {
  const began = performance.now();
  const quiet = ["--json", "--quiet", "--progress", "none"];
  const words = [program, "backup", "single", ...quiet, "--output", output, ...args, "--", database];
  const { stdout } = await mustRun(process.execPath, words);
  const seconds = (performance.now() - began) / 1000;
  const metadata = JSON.parse(stdout.toString()) as BackupMetadata;
  const version = metadata.engine?.version ?? `${metadata.tool?.name} ${metadata.tool?.version}`;
  return { seconds, bytes: metadata.size_bytes, version, metadata };
}

/** What a report says of it. */
export function madeOf({ seconds, bytes, version }: MadeBackup): Made {
  return { seconds, bytes, version };
}
