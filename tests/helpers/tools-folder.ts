import { readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { MysqlFlavour } from "./mysql-packages.ts";
import { stockProgram } from "./mysql-stock.ts";
import { type StockMajor, type StockProgram, stock } from "./stock-tools.ts";

const programs: readonly StockProgram[] = ["pg_dump", "pg_restore", "psql"];

/** The folder of stock tools, for `--tools-path`. */
export async function toolsFolder(major: StockMajor): Promise<string> {
  return dirname(await stock(major).path("pg_dump"));
}

/**
 * Makes programs in `folder` that note their own and their parent's arguments and environment, as everybody on the machine
 * could see them, and then are the stock tools.
 * @returns what was noted so far
 */
export async function recordingTools(folder: string, major: StockMajor): Promise<() => Promise<string>> {
  const tools = new Map<string, string>();
  for (const name of programs) tools.set(name, await stock(major).path(name));
  return await recording(folder, tools);
}

/** The folder of the stock programs of MySQL or MariaDB for a server of that flavour. */
export async function mysqlToolsFolder(flavour: MysqlFlavour): Promise<string> {
  return dirname(await stockProgram(flavour, "dump"));
}

/** As {@link recordingTools}, of those of MySQL or MariaDB. */
export async function recordingMysqlTools(folder: string, flavour: MysqlFlavour): Promise<() => Promise<string>> {
  const paths = [await stockProgram(flavour, "dump"), await stockProgram(flavour, "client")];
  return await recording(folder, new Map(paths.map((path) => [basename(path), path])));
}

async function recording(folder: string, tools: ReadonlyMap<string, string>): Promise<() => Promise<string>> {
  const record = join(folder, "record");
  await writeFile(record, "");
  for (const [name, real] of tools) {
    await writeFile(
      join(folder, name),
      `#!/bin/sh
[ "$*" = --version ] && exec ${real} --version
for file in /proc/$$/cmdline /proc/$$/environ /proc/$PPID/cmdline /proc/$PPID/environ; do
  tr '\\0' '\\n' < $file >> ${record}
done
exec ${real} "$@"
`,
      { mode: 0o755 },
    );
  }
  return () => readFile(record, "utf8");
}

/** Makes a program that says it is of that version, and fails when it is asked for more. */
export async function fakeTool(folder: string, name: StockProgram, version: string): Promise<void> {
  const script = `#!/bin/sh\n[ "$*" = --version ] && echo "${name} (PostgreSQL) ${version}" && exit 0\nexit 9\n`;
  await writeFile(join(folder, name), script, { mode: 0o755 });
}
