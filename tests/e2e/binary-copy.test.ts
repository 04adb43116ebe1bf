import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ArchiveFileReader } from "../../src/engines/postgres/archive/archive-file-reader.ts";
import { castOutputs, directColumns } from "../../src/engines/postgres/objects/binary-columns.ts";
import { collectCopyOut } from "../../src/wire/postgres/collect-copy-out.ts";
import { codec } from "../helpers/codec.ts";
import { connectTo, dumpToMemory } from "../helpers/dump-to-memory.ts";
import { memoryObject } from "../helpers/memory-object.ts";
import type { PostgresMajor } from "../helpers/postgres-packages.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

/** Values of each type whose text comes of a function, as SQL literals. */
const values: Readonly<Record<string, readonly string[]>> = {
  smallint: ["-32768", "32767", "0", "-1"],
  integer: ["-2147483648", "2147483647", "0", "-10", "999999999", "1000000000"],
  bigint: ["-9223372036854775808", "9223372036854775807", "0", "-1", "4294967295", "4294967296", "99999999999"],
  oid: ["0", "4294967295", "16384"],
  boolean: ["true", "false"],
  uuid: [
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "01234567-89AB-cdef-0123-456789abcdef",
  ],
  bytea: ["", "\\x00", "\\x0a0d5c09", "\\xdeadbeef00112233445566778899aabbccddeeff"],
  text: ["", "\\N", "\\.", "a\tb\nc\rd\ve\ff\bg\\h", "\u{1f40e} \u00e4", "\u0001\u007f", "'\"", " "],
  "varchar(20)": ["", "tab\there", "  blanks  "],
  "char(9)": ["", "blanks", "a\nb"],
  name: ["", "some name", "back\\slash"],
  json: ['{"a": "b\\n"}', "[1,\n2]", '"\\u0041"'],
  jsonb: ['{"a": "b\\n", "c": ["\\\\", "\\t"]}', "[]", "null", '"\\u00e4"', "1e100"],
  '"char"': ["", "a", "\\"],
  point: ["(1,2)", "(-1e300,0.1)"],
  box: ["((1,2),(3,4))"],
  lseg: ["[(1,2),(3,4)]"],
  path: ["[(1,2),(3,4)]", "((1,2))"],
  polygon: ["((1,2),(3,4),(5,6))"],
  circle: ["<(1,2),3>"],
  line: ["{1,2,3}"],
  real: ["NaN", "Infinity", "-Infinity", "3.4028235e38", "1e-45", "0.1", "-0"],
  "double precision": ["NaN", "Infinity", "-Infinity", "1.7976931348623157e308", "5e-324", "0.1", "-0"],
  numeric: ["NaN", "0.000", "-12345678901234567890.123456789", "1e500", "1e-500"],
  money: ["0", "-92233720368547758.08"],
  macaddr: ["08:00:2b:01:02:03"],
  macaddr8: ["08:00:2b:01:02:03:04:05"],
  inet: ["10.1.2.3/8", "::1", "2001:db8::1/64"],
  cidr: ["10.0.0.0/8", "2001:db8::/32"],
  date: ["4713-01-01 BC", "infinity", "-infinity", "5874897-12-31", "2024-02-29"],
  time: ["00:00", "24:00", "12:34:56.789012"],
  "time with time zone": ["00:00+15:59", "12:34:56.789012-07"],
  timestamp: ["4713-01-01 BC", "infinity", "294276-12-31 23:59:59.999999"],
  "timestamp with time zone": ["4713-02-01 BC", "-infinity", "2024-06-01 12:00:00.5+02", "1883-11-18 12:03:58-05"],
  interval: ["0", "-1 year 2 months -3 days 04:05:06.000007", "178000000 years"],
  "bit(9)": ["101010101"],
  "bit varying": ["", "1", "1010"],
  xml: ["<a>\\\n</a>", '<?xml version="1.0" encoding="LATIN1"?><b/>'],
  pg_lsn: ["0/0", "FFFFFFFF/FFFFFFFF"],
  tsvector: ["", "'a\\\\b':1A,2 'c''d'"],
  tsquery: ["'a' & !'b\\\\c' | 'd':*A"],
  int4range: ["empty", "[1,5)", "(,)"],
  tstzrange: ["[2024-01-01,2025-01-01)"],
  "integer[]": ["{}", "{1,NULL,-3}", "[-2:0][5:6]={{1,2},{3,4},{5,6}}"],
  "text[]": ['{"a\\nb","c\\\\\\\\d",NULL,"NULL","","{}"}', "{'tab\t'}"],
  "jsonb[]": ['{"{\\"a\\": 1}"}'],
  mood: ["sad", "ok\\back"],
  "mood[]": ['{sad,"ok\\\\back"}'],
  pair: ['(1,"a\\nb")', "(,)"],
  long_text: ["", "of a domain\\"],
  longer_text: ["of a domain of a domain\t"],
  counted: ["7"],
  flags: ["{sad}"],
  feeling: ["sad"],
  period: ["[1,5)"],
  moment: ["2024-06-01 12:00:00.5+02"],
};

const since14: Readonly<Record<string, readonly string[]>> = {
  two: ['(1,"a\\nb")'],
  spans: ["{[1,3)}"],
  int4multirange: ["{}", "{[1,3),[5,7)}"],
  jsonpath: ["$.a[*] ? (@ > 1)"],
};

const literal = (text: string): string => `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

/** A table for each type, with its values, NULL, and wide text beside them. */
function tables(types: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(types)
    .map(([type, texts], index) => {
      const rows = texts.map((text) => `(${literal(text)}::${type}, repeat('wide ', 40))`);
      return `CREATE TABLE types.t${index} (value ${type}, note text); INSERT INTO types.t${index} VALUES ${rows.join(", ")}, (NULL, NULL), (NULL, '');`;
    })
    .join("\n");
}

const definitions = `
  CREATE SCHEMA types;
  CREATE TYPE mood AS ENUM ('sad', E'ok\\\\back');
  CREATE TYPE pair AS (a int, b text);
  CREATE DOMAIN long_text AS text;
  CREATE DOMAIN longer_text AS long_text;
  CREATE DOMAIN counted AS bigint;
  CREATE DOMAIN flags AS mood[];
  CREATE DOMAIN feeling AS mood;
  CREATE DOMAIN moment AS timestamptz;
  CREATE DOMAIN period AS int4range;
  CREATE SCHEMA odd;
  CREATE TABLE odd."na""me" ("co""l\\n" text, "%s" timestamptz, dropped int, "SELECT" text);
  INSERT INTO odd."na""me" SELECT 'v' || i, now(), i, repeat('s', i) FROM generate_series(1, 100) i;
  ALTER TABLE odd."na""me" DROP dropped;
  CREATE TABLE odd.parent (id int, a text, b date);
  CREATE TABLE odd.child (c text) INHERITS (odd.parent);
  INSERT INTO odd.parent SELECT i, repeat('p', 100), 'today' FROM generate_series(1, 10) i;
  INSERT INTO odd.child SELECT i, repeat('c', 100), 'tomorrow', 'c' FROM generate_series(1, 10) i;
  CREATE TABLE odd.analyzed AS SELECT i, repeat('wide', 100) AS a, now() + i * interval '1 s' AS b, i / 7.0 AS c FROM generate_series(1, 20000) i;
  ANALYZE odd.analyzed;
  CREATE TABLE odd.empty (a text, b timestamptz);`;

const domainsSince14 = "CREATE DOMAIN two AS pair; CREATE DOMAIN spans AS int4multirange;";

/** Makes small tables look like large ones of wide rows, which are read in binary format. */
const pretend = `
  UPDATE pg_class SET relpages = 1000, reltuples = 1000
  WHERE relkind = 'r' AND relnamespace IN ('types'::regnamespace, 'odd'::regnamespace);`;

/** Settings of the database that change how values are written. */
const settings = (name: string): string => `
  ALTER DATABASE "${name}" SET bytea_output = escape;
  ALTER DATABASE "${name}" SET TimeZone = 'America/New_York';
  ALTER DATABASE "${name}" SET DateStyle = 'German';
  ALTER DATABASE "${name}" SET IntervalStyle = 'iso_8601';
  ALTER DATABASE "${name}" SET lc_monetary = 'C';
  ALTER DATABASE "${name}" SET xmlbinary = 'hex';`;

describe.each([10, 15, 18] as const)("PostgreSQL %i", (major: PostgresMajor) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await withDatabase(await sharedServer(major));
    await database.sql(
      definitions +
        (major >= 14 ? domainsSince14 : "") +
        tables({ ...values, ...(major >= 14 ? since14 : {}) }) +
        pretend +
        settings(database.name),
    );
  });
  afterAll(() => database?.drop());

  test("output functions have the numbers that are expected", async () => {
    const expected: Record<number, string> = { ...castOutputs };
    for (const [oid, { output }] of Object.entries(directColumns)) expected[Number(oid)] = output;
    const oids = Object.keys(expected).join(", ");
    const rows = await database.sql(
      `SELECT oid, proname FROM pg_proc WHERE oid IN (${oids}) AND pronamespace = 'pg_catalog'::regnamespace`,
    );
    const missing = Object.values(expected).filter((name) => !rows.some((row) => row.proname === name));
    expect(missing.toSorted()).toEqual(
      major < 14 ? (major < 12 ? ["jsonpath_out", "multirange_out"] : ["multirange_out"]) : [],
    );
    for (const { oid, proname } of rows) expect(expected[Number(oid)]).toBe(proname);
  });

  test.each([1, 4])("values of every type are dumped as COPY writes them, with %i jobs", async (jobs) => {
    const { bytes } = await dumpToMemory(database.server, database.name, { jobs, splitLargerThan: 64 * 1024 });
    const reader = await ArchiveFileReader.openObject(memoryObject(bytes), { codec });
    const entries = new Map(reader.entries.map((entry) => [entry.dumpId, entry]));
    await using connection = await connectTo(database.server, database.name, { text: "binary" });
    await connection.query(
      "SET DateStyle = ISO; SET IntervalStyle = POSTGRES; SET extra_float_digits = 3; SET bytea_output = hex",
    );
    let compared = 0;
    for await (const block of reader.dataBlocks()) {
      if (block.kind !== "table-data") continue;
      const chunks: Buffer[] = [];
      for await (const chunk of block.chunks()) chunks.push(Buffer.from(chunk));
      const { namespace, tag } = entries.get(block.dumpId)!;
      const copied = collectCopyOut(16 * 1024 * 1024);
      await connection.copyOut(`COPY "${namespace}"."${tag!.replaceAll('"', '""')}" TO STDOUT`, copied.consumer);
      const expected = Buffer.concat([copied.bytes(), Buffer.from("\\.\n\n\n")]);
      expect(Buffer.concat(chunks).equals(expected), `rows of ${tag}`).toBe(true);
      compared++;
    }
    expect(compared).toBe(Object.keys(values).length + (major >= 14 ? Object.keys(since14).length : 0) + 5);
  });
});
