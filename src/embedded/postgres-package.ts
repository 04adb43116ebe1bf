import { dirname, resolve } from "node:path";
import { BackupError } from "../core/backup-error.ts";

/** Where the npm package of the PostgreSQL server programs keeps them: `bin/`, `lib/`, `share/`. */
export async function findPostgresPackage(): Promise<string> {
  const name = `pg18-${process.platform}-${process.arch}`;
  try {
    const programs = (await import(name)) as { readonly postgres: string };
    return resolve(dirname(programs.postgres), "..");
  } catch (cause) {
    throw new BackupError({
      code: "NOT_FOUND",
      message: `the embedded PostgreSQL server (npm package "${name}") is not installed`,
      hint:
        process.platform === "linux" && (process.arch === "x64" || process.arch === "arm64")
          ? 'run "npm ci" in a checkout, without --omit=optional'
          : "it exists for Linux on x64 and arm64 only; use a server of your own",
      cause,
    });
  }
}
