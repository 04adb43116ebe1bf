import { expect, test } from "vitest";
import { memoryFiles, memorySink } from "../../../../tests/helpers/memory-object.ts";
import {
  type DirectoryIndex,
  dataFileName,
  dataOf,
  INDEX_FILE,
  type NewDirectoryIndex,
  readDirectoryIndex,
  tablesWithData,
  writeDirectoryIndex,
} from "./directory-index.ts";

const sha256 = "ab".repeat(32);

function chunk(number: number, rows: number, checksum: string) {
  return { file: dataFileName(1, number, "zstd"), rows, bytes: rows * 9, stored_bytes: 7, sha256, checksum };
}

const data = dataOf(
  [{ name: "id" }, { name: "j`'é", load: "CONVERT(@value USING utf8mb4)" }],
  [chunk(1, 3, "f".repeat(32)), { ...chunk(2, 1, `${"0".repeat(31)}2`), range: { columns: ["id"], from: ["4"] } }],
);

const index: NewDirectoryIndex = {
  tool: "dbbackup 4.0.0",
  flavour: "mariadb",
  server_version: "11.8.3-MariaDB",
  database: "shop",
  character_set: "utf8mb4",
  collation: "utf8mb4_uca1400_ai_ci",
  compression: "zstd",
  objects: [
    { kind: "database", name: "shop", schema: { file: "00000.database.sql", bytes: 4, sha256 } },
    { kind: "table", name: "a`\n\u2028", schema: { file: "00001.table.sql", bytes: 5, sha256 }, data },
    { kind: "package-body", name: "p", schema: { file: "00002.package-body.sql", bytes: 6, sha256 } },
    { kind: "table", name: "empty", data: dataOf([{ name: "x" }], []) },
    { kind: "trigger", name: "t", table: "empty", schema: { file: "00004.trigger.sql", bytes: 1, sha256 } },
  ],
};

async function folderOf(wanted: typeof index): Promise<Map<string, Uint8Array>> {
  const { sink, bytes } = memorySink();
  await writeDirectoryIndex(wanted, sink);
  const files = new Map<string, Uint8Array>([[INDEX_FILE, bytes()]]);
  for (const { schema, data: rows } of wanted.objects) {
    if (schema !== undefined) files.set(schema.file, Buffer.alloc(schema.bytes));
    for (const { file, stored_bytes } of rows?.chunks ?? []) files.set(file, Buffer.alloc(stored_bytes));
  }
  return files;
}

async function read(files: ReadonlyMap<string, Uint8Array>): Promise<DirectoryIndex> {
  return await readDirectoryIndex(memoryFiles(files));
}

test("an index is read as it was written", async () => {
  const found = await read(await folderOf(index));
  expect(found).toEqual({ format: "dbbackup-mysql-directory", format_version: 1, ...index });
  expect(tablesWithData(found).map(({ name, data: { rows, checksum } }) => [name, rows, checksum])).toEqual([
    ["a`\n\u2028", 4, `${"0".repeat(31)}1`],
    ["empty", 0, "0".repeat(32)],
  ]);
});

test("one of many objects comes in pieces", async () => {
  const objects = Array.from({ length: 5000 }, (_, number) => ({ kind: "view" as const, name: `view ${number}` }));
  expect((await read(await folderOf({ ...index, objects }))).objects).toEqual(objects);
});

type Json = Record<string, unknown> & { objects: Record<string, unknown>[] };

async function changed(change: (json: Json) => void): Promise<Map<string, Uint8Array>> {
  const files = await folderOf(index);
  const json = JSON.parse(Buffer.from(files.get(INDEX_FILE)!).toString()) as Json;
  change(json);
  return files.set(INDEX_FILE, Buffer.from(JSON.stringify(json)));
}

const table = (json: Json) =>
  json.objects[1] as { data: Record<string, unknown> & { chunks: Record<string, unknown>[] } };

test.each<[string, string, (json: Json) => void]>([
  ["another format", "FOREIGN_FILE", (json) => (json.format = "x")],
  ["a later version", "UNSUPPORTED_FORMAT", (json) => (json.format_version = 2)],
  ["no objects", "DAMAGED", (json) => delete (json as Record<string, unknown>).objects],
  ["a path", "DAMAGED", (json) => (json.objects[0]!.schema = { file: "../00000.database.sql", bytes: 4, sha256 })],
  ["one file for two", "DAMAGED", (json) => (json.objects[2]!.schema = json.objects[0]!.schema)],
  ["SQL of its own", "DAMAGED", (json) => (table(json).data.columns = [{ name: "a", load: "SLEEP(9)" }])],
  ["rows of a view", "DAMAGED", (json) => (json.objects[1]!.kind = "view")],
  ["rows of a table twice", "DAMAGED", (json) => (json.objects[3]!.name = json.objects[1]!.name)],
  ["a chunk too few", "DAMAGED", (json) => table(json).data.chunks.pop()],
  ["other compression", "DAMAGED", (json) => (json.compression = "gzip")],
  [
    "too many columns",
    "DAMAGED",
    (json) => (table(json).data.columns = Array.from({ length: 4097 }, () => ({ name: "a" }))),
  ],
  ["negative sizes", "DAMAGED", (json) => (table(json).data.chunks[0]!.rows = -1)],
  ["a long name", "DAMAGED", (json) => (json.objects[4]!.name = "n".repeat(1025))],
])("%s is refused", async (_, code, change) => {
  await expect(read(await changed(change))).rejects.toMatchObject({ code });
});

test("files that are missing or have another size are damage, and named", async () => {
  for (const name of ["00001.table.sql", "00001.0002.tsv.zst"]) {
    const without = await folderOf(index);
    without.delete(name);
    await expect(read(without)).rejects.toMatchObject({ code: "DAMAGED", object: name });
    const longer = (await folderOf(index)).set(name, Buffer.alloc(99));
    await expect(read(longer)).rejects.toMatchObject({ code: "DAMAGED", object: name });
  }
  const files = await folderOf(index);
  files.set(INDEX_FILE, Buffer.from(files.get(INDEX_FILE)!).subarray(0, -20));
  await expect(read(files)).rejects.toMatchObject({ code: "DAMAGED", object: INDEX_FILE });
  files.delete(INDEX_FILE);
  await expect(read(files)).rejects.toMatchObject({ code: "FOREIGN_FILE" });
});
