import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { sampleArchive, sampleEntry } from "../../../../tests/helpers/archive-samples.ts";
import { codec } from "../../../../tests/helpers/codec.ts";
import { memorySink } from "../../../../tests/helpers/memory-object.ts";
import { type PlainScriptOptions, PlainScriptWriter } from "./plain-script-writer.ts";
import { connectCommand } from "./script-text.ts";
import { isSetting } from "./session-settings.ts";
import type { TocEntry } from "./toc-entry.ts";

const { entries } = sampleArchive();

function options(more: Partial<PlainScriptOptions>) {
  const { sink, text, bytes } = memorySink();
  return {
    text,
    bytes,
    options: {
      sink,
      codec,
      compression: { method: "none", level: 0 },
      entries,
      serverVersion: "18.4",
      dumpedBy: "dbbackup version 4",
      transactionTimeout: true,
      clean: false,
      ifExists: false,
      noOwner: false,
      schemaOnly: false,
      dataOnly: false,
      noPrivileges: false,
      create: false,
      ...more,
    } satisfies PlainScriptOptions,
  };
}

async function writeSample(writer: PlainScriptWriter): Promise<void> {
  expect(writer.dataOrder).toEqual([2, 3]);
  const table = await writer.openTableData(2);
  await table.write(Buffer.from("1\tone\n"));
  await table.end();
  const objects = await writer.openLargeObjects(3);
  const object = await objects.openObject(16400);
  await object.write(Buffer.alloc(20_000, 1));
  await object.end();
  await objects.end();
  await writer.finish();
}

test("blocks of the caller come back, ours do not", async () => {
  const recycled: number[] = [];
  const { options: given, text } = options({ recycle: (block) => recycled.push(block.length) });
  await writeSample(await PlainScriptWriter.open(given));
  expect(recycled).toEqual([6, 20_000]);
  expect(text()).toContain("COPY public.t (id, name) FROM stdin;\n1\tone\n\\.\n\n\n--\n");
});

test("large objects are written in pieces of 16 kB", async () => {
  const { options: given, text } = options({});
  await writeSample(await PlainScriptWriter.open(given));
  const pieces = [...text().matchAll(/lowrite\(0, '\\x([0-9a-f]*)'\)/g)].map((match) => match[1]!.length / 2);
  expect(pieces).toEqual([16_384, 20_000 - 16_384]);
});

test("a compressed script is one gzip file", async () => {
  const plain = options({ restrictKey: "k" });
  await writeSample(await PlainScriptWriter.open(plain.options));
  const gzip = options({ restrictKey: "k", compression: { method: "gzip", level: 1 } });
  await writeSample(await PlainScriptWriter.open(gzip.options));
  expect(gunzipSync(gzip.bytes()).equals(plain.bytes())).toBe(true);
});

test("entries to come are asked for while they are printed, once, and give the script of the list", async () => {
  const definitions = { schemaOnly: true, restrictKey: "k" };
  const listed = options(definitions);
  await (await PlainScriptWriter.open(listed.options)).finish();
  const asked: number[] = [];
  function* toCome(): Generator<TocEntry> {
    for (const entry of entries) {
      asked.push(entry.dumpId);
      yield entry;
    }
  }
  const { options: given, text } = options({ ...definitions, entries: entries.filter(isSetting), toCome: toCome() });
  const writer = await PlainScriptWriter.open(given);
  expect(writer.dataOrder).toEqual([]);
  expect(asked).toEqual([]);
  await writer.finish();
  expect(asked).toEqual(entries.map(({ dumpId }) => dumpId));
  expect(text()).toBe(listed.text());
});

test("data among entries to come is no script without it", async () => {
  const { options: given } = options({ entries: entries.filter(isSetting), toCome: entries });
  const writer = await PlainScriptWriter.open(given);
  await expect(writer.finish()).rejects.toThrow("the data of entry 2 is missing");
});

test("each script has its own random key unless one is given", async () => {
  const keys = new Set<string>();
  for (let i = 0; i < 5; i++) {
    const { options: given, text } = options({});
    await writeSample(await PlainScriptWriter.open(given));
    const [, opened] = /^\\restrict ([A-Za-z0-9]{63})$/m.exec(text())!;
    expect(text()).toContain(`\\unrestrict ${opened}\n`);
    keys.add(opened!);
  }
  expect(keys.size).toBe(5);
  await expect(PlainScriptWriter.open(options({ restrictKey: "a b" }).options)).rejects.toMatchObject({
    code: "USAGE",
  });
});

test("no name leaves its comment", async () => {
  const hostile = sampleEntry({
    dumpId: 50,
    tag: "x\r\n\\! rm -rf /",
    desc: "TABLE\nDROP",
    namespace: "a\nb",
    owner: "c\rd",
    tablespace: "e\nf",
    definition: "SELECT 1;\n",
  });
  const { options: given, text } = options({ entries: [...entries.slice(0, 4), hostile], serverVersion: "1\n2" });
  const writer = await PlainScriptWriter.open(given);
  await writer.finish();
  expect(text()).toContain("\n-- Name: x  \\! rm -rf /; Type: TABLE DROP; Schema: a b; Owner: c d; Tablespace: e f\n");
  expect(text()).toContain("\n-- Dumped from database version 1 2\n");
});

test("psql is told to connect without a way out of the name", () => {
  expect(connectCommand("shop")).toBe("\\connect shop\n");
  expect(connectCommand("Shop")).toBe('\\connect "Shop"\n');
  expect(connectCommand(`a'b"c\\d`)).toBe(
    `\\encoding SQL_ASCII\n\\connect -reuse-previous=on "dbname='a\\'b""c\\\\d'"\n`,
  );
  expect(() => connectCommand("a\nb")).toThrow("line end");
});
