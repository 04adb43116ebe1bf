import { describe, expect, test } from "vitest";
import { memoryStream } from "../../../../tests/helpers/memory-object.ts";
import { splitClusterScript } from "./split-cluster-script.ts";

/** The parts, as text. */
async function partsOf(script: string): Promise<Record<string, string>> {
  const bytes = Buffer.from(script);
  const { globals, databases } = await splitClusterScript(memoryStream(bytes, 7));
  return {
    "(globals)": bytes.toString("utf8", 0, globals.end),
    ...Object.fromEntries(databases.map(({ name, start, end }) => [name, bytes.toString("utf8", start, end)])),
  };
}

const globals = "--\n-- Roles\n--\n\nSET client_encoding = 'UTF8';\nCREATE ROLE ä;\n";
const template = "\\connect template1\n\n\\restrict a\nSET x = 1;\nSELECT 1;\n\\unrestrict a\n";
const made = [
  '--\n-- Database dump\n--\n\n\\restrict b\nSET x = 1;\nCREATE DATABASE "Ä";\n',
  '\\unrestrict b\n\\connect "Ä"\n\\restrict b\nSET x = 1;\nCOPY t FROM stdin;\n\\\\connect x\n\\.\n',
  "SET y = 1;\n\\unrestrict b\n",
].join("");

describe("a script of a cluster", () => {
  test("begins with globals, and each database with the settings before it", async () => {
    const other = "\nSET z = 1;\nSET z = 2;\n\nCREATE DATABASE other;\n\\connect other\nSELECT 2;\n\n--\n-- end\n--\n";
    const parts = await partsOf(`\\restrict g\n${globals}\\unrestrict g\n${template}${made}${other}`);
    expect(parts).toEqual({
      "(globals)": `\\restrict g\n${globals}\\unrestrict g\n`,
      template1: template,
      Ä: made,
      other,
    });
  });

  test("may hold nothing else than globals", async () => {
    expect(await partsOf(globals)).toEqual({ "(globals)": globals });
  });

  test("that comes to a database twice is refused", async () => {
    const script = "CREATE DATABASE a;\nCREATE DATABASE b;\n\\connect a\nSELECT 1;\n\\connect b\nSELECT 1;\n";
    await expect(partsOf(script)).rejects.toMatchObject({ code: "FOREIGN_FILE" });
  });
});
