import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatRowSum, type RowTotals } from "../../../core/row-totals.ts";
import { xxh3Of128 } from "../../postgres/xxh3-128-reference.ts";
import { packets } from "../packets/write-packet.ts";
import { InsertScanner } from "./insert-scanner.ts";
import type { LiteralKind } from "./literal-kind.ts";
import { rowLine } from "./row-line.ts";
import { rowLiterals } from "./row-literals.ts";

const head = Buffer.from("INSERT INTO `t` VALUES\n");
const endOfRows = Buffer.from([5, 0, 0, 9, 0xfe, 0, 0, 2, 0]);
const limit = 300;

type Row = readonly (Uint8Array | null)[];

function lengthEncoded(value: Uint8Array | null): Buffer {
  if (value === null) return Buffer.from([0xfb]);
  const { length } = value;
  const size = Buffer.alloc(9);
  if (length < 0xfb) return Buffer.concat([Buffer.from([length]), value]);
  if (length < 0x10000) {
    size[0] = 0xfc;
    size.writeUInt16LE(length, 1);
    return Buffer.concat([size.subarray(0, 3), value]);
  }
  size[0] = length < 0x1000000 ? 0xfd : 0xfe;
  size.writeUIntLE(length, 1, 6);
  return Buffer.concat([size.subarray(0, length < 0x1000000 ? 4 : 9), value]);
}

function rowPacket(row: Row): Buffer {
  return Buffer.concat(row.map(lengthEncoded));
}

/** What the scanner writes of rows that come in pieces of these lengths. */
async function scanned(rows: readonly Row[], kinds: readonly LiteralKind[], pieces: () => number) {
  const scanner = new InsertScanner("unix");
  const written: Buffer[] = [];
  const write = async (block: Buffer) => {
    await new Promise((resolve) => setImmediate(resolve));
    written.push(Buffer.from(block));
  };
  scanner.start(head, kinds, limit, write, () => {});
  const rest = feed(scanner, rows, pieces);
  return { rest: await rest, totals: await scanner.finish(), text: Buffer.concat(written) };
}

/** The same as lines, in files of at least so many bytes. */
async function lined(rows: readonly Row[], kinds: readonly LiteralKind[], fileBytes: number, pieces: () => number) {
  const scanner = new InsertScanner("unix");
  const files: { text: Buffer; totals: RowTotals }[] = [];
  let text: Buffer[] = [];
  const receiver = {
    async write(block: Buffer) {
      text.push(Buffer.from(block));
      await new Promise((resolve) => setImmediate(resolve));
    },
    cut(totals: RowTotals) {
      files.push({ text: Buffer.concat(text), totals });
      text = [];
    },
  };
  scanner.startLines(kinds, fileBytes, receiver, () => {});
  await feed(scanner, rows, pieces);
  receiver.cut(await scanner.finish());
  return files;
}

/** Gives the packets of rows to the scanner, and answers what came behind them. */
async function feed(
  scanner: InsertScanner,
  rows: readonly Row[],
  pieces: () => number,
): Promise<Uint8Array | undefined> {
  const bytes = Buffer.concat([...rows.map((row) => packets(rowPacket(row), 1)), endOfRows]);
  let rest: Buffer | undefined;
  for (let at = 0; at < bytes.length && rest === undefined; ) {
    const space = scanner.space();
    const count = Math.min(space.length, pieces(), bytes.length - at);
    space.set(bytes.subarray(at, at + count));
    at += count;
    const step = scanner.received(count);
    if (step.kind === "pause") await step.until;
    if (step.kind === "other") rest = Buffer.from(step.rest);
  }
  return rest;
}

/** The parentheses of a script; also checks how statements are cut. */
function expected(rows: readonly Row[], kinds: readonly LiteralKind[]) {
  const tuples = rows.map((row) => rowLiterals(rowPacket(row), kinds));
  return {
    tuples,
    totals: {
      rows: rows.length,
      bytes: tuples.reduce((sum, { length }) => sum + length, 0),
      checksum: formatRowSum(tuples.reduce((sum, tuple) => sum + xxh3Of128(tuple), 0n)),
    },
  };
}

const kindOf = fc.constantFrom<LiteralKind>(0, 1, 2, 3);
const anyByte = fc.uint8Array({ maxLength: 70 });
const specials = fc.array(fc.constantFrom(0, 10, 13, 26, 39, 92, 65, 200), { maxLength: 50 }).map(Buffer.from);
const numbers = fc.constantFrom("-0", "0", "-1", "1e-0", "12345678901234567890.5").map((text) => Buffer.from(text));

const tabs = fc.array(fc.constantFrom(0, 9, 10, 13, 26, 39, 92, 78, 200), { maxLength: 50 }).map(Buffer.from);
const lineValue = (kind: LiteralKind) => fc.option(kind === 0 ? numbers : fc.oneof(anyByte, tabs), { freq: 8 });

describe("rows as INSERT statements", () => {
  test("are those of the readable twin, however the packets are cut", async () => {
    const table = fc.array(kindOf, { minLength: 1, maxLength: 6 }).chain((kinds) =>
      fc.record({
        kinds: fc.constant(kinds),
        rows: fc.array(
          fc.tuple(
            ...kinds.map((kind) => fc.option(kind === 0 ? numbers : fc.oneof(anyByte, specials), { freq: 8 })),
          ) as fc.Arbitrary<Row>,
          { maxLength: 40 },
        ),
      }),
    );
    const cuts = fc.infiniteStream(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 5000 })));
    await fc.assert(
      fc.asyncProperty(table, cuts, async ({ kinds, rows }, steps) => {
        const { totals, text, rest } = await scanned(rows, kinds, () => steps.next().value as number);
        const { tuples, totals: wanted } = expected(rows, kinds);
        expect(totals).toEqual(wanted);
        expect(rest?.subarray(0, 1)).toEqual(endOfRows.subarray(0, 1));
        let at = 0;
        let began = 0;
        for (const [index, tuple] of tuples.entries()) {
          const starts = index === 0 || text[at] === 0x3b;
          const before = Buffer.from(`${index === 0 ? "" : starts ? ";\n" : ",\n"}${starts ? head : ""}`);
          expect(text.subarray(at, at + before.length)).toEqual(before);
          if (starts) began = at + before.length - head.length;
          at += before.length;
          expect(text.subarray(at, at + tuple.length)).toEqual(tuple);
          at += tuple.length;
          if (!starts) expect(at - began).toBeLessThanOrEqual(limit);
        }
        expect(text.subarray(at).toString()).toBe(rows.length === 0 ? "" : ";\n");
      }),
      { numRuns: 150 },
    );
  });

  test("or as lines, are those of their twin, in files that are cut at lines", async () => {
    const table = fc.integer({ min: 1, max: 6 }).chain((columns) => {
      const kinds: LiteralKind[] = Array.from({ length: columns }, (_, column) => (column === 2 ? 0 : 1));
      return fc.record({
        kinds: fc.constant(kinds),
        rows: fc.array(fc.tuple(...kinds.map(lineValue)) as fc.Arbitrary<Row>, { maxLength: 40 }),
      });
    });
    const cuts = fc.infiniteStream(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 5000 })));
    await fc.assert(
      fc.asyncProperty(table, cuts, fc.integer({ min: 1, max: 900 }), async ({ kinds, rows }, steps, least) => {
        const files = await lined(rows, kinds, least, () => steps.next().value as number);
        const lines = rows.map((row) => rowLine(rowPacket(row), kinds.length));
        for (const { text, totals } of files) {
          const own = lines.splice(0, totals.rows);
          expect(text).toEqual(Buffer.concat(own.flatMap((line) => [line, Buffer.from("\n")])));
          const sum = own.reduce((all, line) => all + xxh3Of128(line), 0n);
          expect(totals).toEqual({ rows: own.length, bytes: text.length, checksum: formatRowSum(sum) });
          const last = own.at(-1)?.length ?? 0;
          expect(text.length < least || text.length - last - 1 < least).toBe(true);
        }
        expect(lines).toEqual([]);
        expect(files.slice(0, -1).every(({ totals }) => totals.bytes >= least)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test("a value that is larger than all blocks is one line", async () => {
    const value = Buffer.alloc(12_000_000, "a\t\\b");
    const files = await lined(
      [
        [value, null],
        [Buffer.from("x"), value],
      ],
      [1, 1],
      1000,
      () => 200_000,
    );
    const field = value.toString("latin1").replaceAll("\\", "\\\\").replaceAll("\t", "\\t");
    expect(files.map(({ totals }) => totals.rows)).toEqual([1, 1, 0]);
    expect(files[0]!.text.equals(Buffer.from(`${field}\t\\N\n`))).toBe(true);
    expect(files[1]!.text.equals(Buffer.from(`x\t${field}\n`))).toBe(true);
  });

  test.each([250, 70_000, 0xffffff - 7, 0xffffff - 6, 0xffffff, 34_000_000])(
    "a value of %i bytes comes whole",
    async (length) => {
      const value = Buffer.alloc(length, "a\n'b");
      const rows: Row[] = [
        [Buffer.from("1"), value],
        [Buffer.from("2"), null],
      ];
      const kinds: LiteralKind[] = [0, 2];
      const { totals, text } = await scanned(rows, kinds, () => 200_000);
      const literal = value.toString("latin1").replaceAll("\n", "\\n").replaceAll("'", "\\'");
      const script = Buffer.from(`${head}(1,_binary '${literal}');\n${head}(2,NULL);\n`, "latin1");
      expect(text.equals(script)).toBe(true);
      expect(totals.rows).toBe(2);
    },
    20_000,
  );

  test("rows with too few or too many columns are refused", async () => {
    const rows: Row[] = [[Buffer.from("1"), Buffer.from("2")]];
    await expect(scanned(rows, [0], () => 999)).rejects.toThrow("the columns of its table");
    await expect(scanned(rows, [0, 0, 0], () => 999)).rejects.toThrow("the columns of its table");
  });
});
