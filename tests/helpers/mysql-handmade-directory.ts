import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { noRows } from "../../src/core/row-totals.ts";
import {
  type DirectoryKind,
  type DirectoryObject,
  dataFileName,
  dataOf,
  INDEX_FILE,
  objectNumber,
  writeDirectoryIndex,
} from "../../src/engines/mysql/directory/directory-index.ts";
import { RowScanner } from "../../src/wire/postgres/row-scanner.ts";
import { memorySink } from "./memory-object.ts";

/** An object of a directory that a test makes by hand. */
export interface HandmadeObject {
  readonly kind: DirectoryKind;
  readonly name: string;
  readonly table?: string;
  readonly schema?: string;
  /** What its script begins with; missing: the settings of a restore. */
  readonly head?: string;
  readonly columns?: readonly string[];
  /** Lines without their ends, in chunks. */
  readonly chunks?: readonly (readonly string[])[];
}

const usualHead = "SET NAMES utf8mb4;\nSET SESSION sql_mode = '', foreign_key_checks = 0;\n";

/** Writes a backup in directory format, of lines that no server gave. */
export async function writeHandmadeDirectory(
  path: string,
  flavour: string,
  objects: readonly HandmadeObject[],
): Promise<void> {
  await mkdir(path);
  const described: DirectoryObject[] = [];
  for (const [number, { kind, name, table, schema, head, columns, chunks }] of objects.entries()) {
    const file = `${objectNumber(number)}.${kind}.sql`;
    const text = Buffer.from(`${head ?? usualHead}${schema}`);
    if (schema !== undefined) await writeFile(join(path, file), text);
    const data =
      columns === undefined
        ? undefined
        : dataOf(
            columns.map((column) => ({ name: column })),
            await Promise.all((chunks ?? []).map((lines, at) => writeChunk(path, number, at + 1, lines))),
          );
    described.push({
      kind,
      name,
      ...(table === undefined ? {} : { table }),
      ...(schema === undefined ? {} : { schema: { file, bytes: text.length, sha256: sha256Of(text) } }),
      ...(data === undefined ? {} : { data }),
    });
  }
  const { sink, bytes } = memorySink();
  await writeDirectoryIndex(
    {
      tool: "dbbackup test",
      flavour: flavour.startsWith("mariadb") ? "mariadb" : "mysql",
      server_version: flavour.startsWith("mariadb") ? "10.5.23-MariaDB" : "5.6.24",
      database: "made",
      character_set: "utf8mb4",
      collation: "utf8mb4_unicode_ci",
      compression: "none",
      objects: described,
    },
    sink,
  );
  await writeFile(join(path, INDEX_FILE), bytes());
}

async function writeChunk(path: string, table: number, chunk: number, lines: readonly string[]) {
  const text = Buffer.from(lines.map((line) => `${line}\n`).join(""));
  const file = dataFileName(table, chunk, "none");
  await writeFile(join(path, file), text);
  const scanner = new RowScanner();
  scanner.push(text);
  const { rows, bytes, checksum } = lines.length === 0 ? noRows : scanner.finish();
  return { file, rows, bytes, stored_bytes: text.length, sha256: sha256Of(text), checksum };
}

function sha256Of(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
