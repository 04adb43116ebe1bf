import { join } from "node:path";
import { expect, test } from "vitest";
import { databaseContents } from "../helpers/database-contents.ts";
import { mustDbbackup } from "../helpers/dbbackup.ts";
import type { PostgresMajor } from "../helpers/postgres-packages.ts";
import type { ServerAddress } from "../helpers/postgres-server.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { withoutStockFault } from "../helpers/stock-fault.ts";
import { stockFor } from "../helpers/stock-tools.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

interface Case {
  readonly encoding: string;
  readonly sql: string;
}

/** Names, definitions, comments and rows in letters that the encoding has, some of whose bytes look like ASCII signs. */
const objects = (text: string): string => `
  CREATE SCHEMA "schema ${text}";
  CREATE TYPE "schema ${text}"."type ${text}" AS ENUM ('${text}', 'label');
  CREATE TABLE "schema ${text}"."table ${text}" (
    "column ${text}" text DEFAULT '${text}' CHECK ("column ${text}" <> 'not ${text}'), e "schema ${text}"."type ${text}", b bytea);
  COMMENT ON TABLE "schema ${text}"."table ${text}" IS 'comment ${text}';
  CREATE FUNCTION "schema ${text}"."function ${text}"() RETURNS text LANGUAGE sql AS $$SELECT '${text}'$$;
  INSERT INTO "schema ${text}"."table ${text}" VALUES ('${text}', '${text}', '\\x00ff5c'), (DEFAULT, 'label', NULL), (repeat('${text}', 9999), NULL, '');`;

/** All other encodings that a database can have, but MULE_INTERNAL, which no client can have converted. */
const rarer: ReadonlyMap<string, string> = new Map([
  ["LATIN2", "Łódź ę"],
  ["LATIN10", "Łódź ę"],
  ["WIN1250", "Łódź ę"],
  ["LATIN3", "ĝ ħ"],
  ["LATIN4", "ķ ũ"],
  ["LATIN5", "ş ğ"],
  ["LATIN6", "Ŧ đ"],
  ["LATIN7", "Ų ć"],
  ["LATIN8", "ẁ ŷ"],
  ["ISO_8859_5", "Ж ш"],
  ["ISO_8859_6", "ش ي"],
  ["ISO_8859_7", "Ω ψ"],
  ["ISO_8859_8", "ש ת"],
  ["KOI8R", "Привет ─"],
  ["KOI8U", "Ґанок є"],
  ["WIN866", "Привет ─"],
  ["WIN874", "ไทย …"],
  ["WIN1252", "€ ƒ"],
  ["WIN1253", "Ωμέγα"],
  ["WIN1254", "İ ğ €"],
  ["WIN1255", "שלום ₪"],
  ["WIN1256", "پ چ €"],
  ["WIN1257", "Ų ć €"],
  ["WIN1258", "Ơ ư ₫"],
  ["EUC_CN", "汉字"],
  ["EUC_TW", "漢字"],
  ["EUC_JIS_2004", "表示 ソ 能"],
]);

const cases: readonly Case[] = [
  { encoding: "LATIN1", sql: objects("Grüße ÿ") },
  { encoding: "LATIN9", sql: objects("€ œuvre") },
  { encoding: "WIN1251", sql: objects("Привет") },
  { encoding: "EUC_JP", sql: objects("表示 ソ 能") },
  { encoding: "EUC_KR", sql: objects("한국어") },
  { encoding: "UTF8", sql: objects("名🦓é") },
  ...[...rarer].map(([encoding, text]) => ({ encoding, sql: objects(text) })),
  // Bytes of no encoding at all.
  {
    encoding: "SQL_ASCII",
    sql: `${objects("byte é")} CREATE TABLE raw (t text); COMMENT ON TABLE raw IS E'\\xff\\xfe \\x80';
      INSERT INTO raw VALUES (E'\\xff\\xfe\\x80 \\\\ \\t \\xc3('), (E'\\xe4\\xf6\\xfc');
      CREATE FUNCTION raw() RETURNS text LANGUAGE sql AS E'SELECT ''\\xff''::text';`,
  },
];

export const allEncodings: readonly string[] = cases.map((one) => one.encoding);

/** Takes databases of these encodings through backup and stock restore, and compares byte for byte. */
export function describeEncodings(
  major: PostgresMajor,
  encodings: readonly string[] = allEncodings.filter((encoding) => !rarer.has(encoding)),
): void {
  const chosen = cases.filter((one) => encodings.includes(one.encoding));
  test.each(chosen)(`a database of PostgreSQL ${major} in $encoding comes back byte for byte`, async (one) => {
    await roundTrip(await sharedServer(major), one);
  });
}

async function roundTrip(server: ServerAddress, { encoding, sql }: Case): Promise<void> {
  const options = `ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C'`;
  await using source = await withDatabase(server, undefined, "template0", options);
  await using folder = await withTemporaryFolder();
  await source.sql(sql);
  const expected = await databaseContents(server, source.name);

  async function expectSame(fill: (target: TestDatabase) => Promise<unknown>): Promise<void> {
    await using target = await withDatabase(server, undefined, "template0", options);
    await fill(target);
    expect(await databaseContents(server, target.name)).toEqual(expected);
  }

  const archive = join(folder.path, "encoded.dump");
  await mustDbbackup(["backup", "single", source.name, "--url", source.url, "--output", archive]);
  await expectSame(async (target) => {
    const { stderr } = await stockFor(server.major).run("pg_restore", ["-d", target.url, archive]);
    expect(withoutStockFault(stderr, server.major)).toBe("");
  });

  const script = join(folder.path, "encoded.sql");
  const plain = ["--format", "plain", "--output", script];
  await mustDbbackup(["backup", "single", source.name, "--url", source.url, ...plain]);
  const psql = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-f", script];
  await expectSame((target) => stockFor(server.major).must("psql", [...psql, target.url]));
}
