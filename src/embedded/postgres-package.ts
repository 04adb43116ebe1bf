import { dirname, resolve } from "node:path";
import { BackupError } from "../core/backup-error.ts";
import type { ThrowawayOptions } from "../ports/throwaway-server.ts";
import { fetchPrograms } from "./fetch-programs.ts";
import { choosePackage } from "./postgres-packages.ts";

/** The major version of the npm package that a checkout installs. */
const installedMajor = 18;

/** The server programs of one version: `bin/`, `lib/`, `share/`. */
export interface ServerPrograms {
  readonly major: number;
  readonly folder: string;
}

/**
 * The programs of this major version, or of the next one that there is for this machine; the newest when nobody says.
 * @throws BackupError NOT_FOUND
 */
export async function findPrograms(
  { major, mayFetch = false }: Pick<ThrowawayOptions, "major" | "mayFetch">,
  signal: AbortSignal,
): Promise<ServerPrograms> {
  if (!mayFetch) return await installedPrograms();
  const wanted = choosePackage(major, { platform: process.platform, architecture: process.arch });
  if (wanted === undefined) throw noPrograms(major ?? installedMajor);
  if (wanted.major === installedMajor) {
    // Where it was left out, it is fetched like any other.
    const installed = await installedPrograms().catch(() => undefined);
    if (installed !== undefined) return installed;
  }
  return { major: wanted.major, folder: await fetchPrograms(wanted, signal) };
}

async function installedPrograms(): Promise<ServerPrograms> {
  const name = `pg${installedMajor}-${process.platform}-${process.arch}`;
  try {
    const programs = (await import(name)) as { readonly postgres: string };
    return { major: installedMajor, folder: resolve(dirname(programs.postgres), "..") };
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

function noPrograms(major: number): BackupError {
  return new BackupError({
    code: "NOT_FOUND",
    message: `there is no PostgreSQL ${major} for ${process.platform} on ${process.arch} to start a server of`,
    hint: "name a server of your own with --server: a scratch database is made there, and dropped",
  });
}
