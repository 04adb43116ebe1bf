import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DumpFormat } from "../../src/core/dump-format.ts";
import { PgConnection } from "../../src/wire/postgres/connection.ts";
import { resolveConnection } from "../../src/wire/postgres/conninfo/resolve-connection.ts";
import { compareBackups } from "./compare-backups.ts";
import type { DatabaseReport, FormatReport } from "./difference.ts";
import { madeOf, makeBackup } from "./make-backup.ts";

export interface ParityRequest {
  readonly url: string;
  readonly formats: readonly DumpFormat[];
  /** Where PostgreSQL's programs are; PATH when absent. */
  readonly toolsPath: string | undefined;
  readonly jobs: number;
}

/** The same in both scripts. */
const restrictKey = "Parity";

/** Backs up a database with both engines in one snapshot, in each format, and compares what they made. */
export async function compareEngines(database: string, request: ParityRequest): Promise<DatabaseReport> {
  const spec = resolveConnection({ url: request.url, database, applicationName: "dbbackup parity" });
  await using holder = await PgConnection.connect(spec);
  await holder.query("BEGIN; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
  const { rows } = await holder.query("SELECT pg_catalog.pg_export_snapshot()");
  const folder = await mkdtemp(join(tmpdir(), "dbbackup-parity-"));
  try {
    const formats: FormatReport[] = [];
    for (const format of request.formats) {
      const args = ["--url", request.url, "--snapshot", rows[0]![0]!, "--format", format];
      const major = Math.floor(holder.serverVersion / 10_000);
      formats.push(await compareFormat(format, { database, args, folder, major, request }));
    }
    return { database, product: "PostgreSQL", server: holder.serverVersionText, formats };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Work {
  readonly database: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly major: number;
  readonly request: ParityRequest;
}

async function compareFormat(
  format: DumpFormat,
  { database, args, folder, major, request }: Work,
): Promise<FormatReport> {
  const key = format === "plain" ? ["--restrict-key", restrictKey] : [];
  const jobs = format === "directory" ? ["--jobs", `${request.jobs}`] : [];
  const places = request.toolsPath === undefined ? [] : ["--tools-path", request.toolsPath];
  const output = (engine: string): string => join(folder, `${engine}.${format}`);
  const tools = await makeBackup({
    database,
    args: [...args, ...key, ...jobs, "--engine", "tools", ...places],
    output: output("tools"),
  });
  // Else ours would be that of the server, and pg_dump's is that of pg_dump.
  const { archive_version: version } = tools.metadata;
  const native = await makeBackup({
    database,
    args: [...args, ...key, ...jobs, ...(version === undefined ? [] : ["--archive-version", version])],
    output: output("native"),
  });
  const pair = { native: output("native"), tools: output("tools") };
  return {
    format,
    native: madeOf(native),
    tools: madeOf(tools),
    differences: await compareBackups(pair, format, major),
  };
}
