import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import type { BackupMetadata } from "../../src/core/metadata/metadata-schema.ts";
import {
  type DirectoryIndex,
  type DirectoryObject,
  readDirectoryIndex,
} from "../../src/engines/mysql/directory/directory-index.ts";
import type { BackupFiles } from "../../src/ports/backup-files.ts";
import { codec } from "./codec.ts";
import { dbbackup } from "./dbbackup.ts";
import { memoryFiles, memoryStream } from "./memory-object.ts";
import type { MysqlDatabase } from "./mysql-database.ts";
import { type MysqlAddress, mysqlUrl } from "./mysql-server.ts";
import { mustMysqlStock } from "./mysql-stock.ts";

/** A backup of ours in directory format, in memory. */
export interface DirectoryBackup {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly index: DirectoryIndex;
  readonly metadata: BackupMetadata;
}

export async function filesOf(folder: string): Promise<Map<string, Buffer>> {
  const names = await readdir(folder);
  return new Map(
    await Promise.all(names.map(async (name): Promise<[string, Buffer]> => [name, await readFile(join(folder, name))])),
  );
}

/** Backs a database up with the program into a folder that is not there yet, and reads what it wrote. */
export async function backupToDirectory(
  server: MysqlAddress,
  database: string,
  folder: string,
  args: readonly string[] = [],
): Promise<DirectoryBackup> {
  const target = ["--format", "directory", "--output", folder, "--quiet"];
  const done = await dbbackup(["backup", "single", database, "--url", mysqlUrl(server), ...target, ...args]);
  expect(done.stderr.toString()).toBe("");
  expect(done.status).toBe(0);
  const files = await filesOf(folder);
  const metadata = JSON.parse(await readFile(`${folder}.meta.json`, "utf8")) as BackupMetadata;
  return { files, index: await readDirectoryIndex(memoryFiles(files) as BackupFiles), metadata };
}

/** Loads a backup with nothing but the stock client, as docs/FORMAT.md says. @param folder for files that it reads */
export async function loadDirectoryWithStock(
  database: MysqlDatabase,
  { files, index }: DirectoryBackup,
  folder: string,
): Promise<void> {
  const objects = index.objects.filter(({ kind }) => kind !== "trigger");
  const rows = Math.max(0, objects.findLastIndex(({ kind }) => kind === "table") + 1);
  const scripts = (some: readonly DirectoryObject[]): Buffer =>
    Buffer.concat(some.map(({ schema }) => (schema === undefined ? Buffer.alloc(0) : files.get(schema.file)!)));
  await runStock(database, scripts(objects.slice(0, rows)));
  const loads = [
    "SET time_zone = '+00:00', sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', foreign_key_checks = 0, unique_checks = 0;",
  ];
  for (const { name, data } of objects) {
    for (const { file } of data?.chunks ?? []) {
      const path = join(folder, file.slice(0, file.indexOf(".tsv") + 4));
      await writeFile(path, await plainBytes(files.get(file)!, index));
      loads.push(loadText(name, data!.columns, path));
    }
  }
  await runStock(database, Buffer.from(loads.join("\n")));
  await runStock(
    database,
    scripts([...objects.slice(rows), ...index.objects.filter(({ kind }) => kind === "trigger")]),
  );
}

/** The plain bytes of a data file. */
export async function plainBytes(stored: Buffer, { compression }: DirectoryIndex): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of codec.decompress(compression, "gzip", memoryStream(stored, 65_536), {})) {
    pieces.push(Buffer.from(piece));
  }
  return Buffer.concat(pieces);
}

const quoted = (name: string): string => `\`${name.replaceAll("`", "``")}\``;

function loadText(table: string, columns: NonNullable<DirectoryObject["data"]>["columns"], path: string): string {
  const targets = columns.map(({ name, load }, place) => (load === undefined ? quoted(name) : `@v${place}`));
  const sets = columns.flatMap(({ name, load }, place) =>
    load === undefined ? [] : [`${quoted(name)} = ${load.replace("@value", `@v${place}`)}`],
  );
  const set = sets.length === 0 ? "" : ` SET ${sets.join(", ")}`;
  const list = targets.length === 0 ? "@v" : targets.join(", ");
  return `LOAD DATA LOCAL INFILE '${path}' INTO TABLE ${quoted(table)} CHARACTER SET binary (${list})${set};`;
}

async function runStock(database: MysqlDatabase, script: Buffer): Promise<void> {
  const args = ["--default-character-set=utf8mb4", "--comments", "--local-infile=1", database.name];
  await mustMysqlStock("client", database.server, args, { input: script });
}
