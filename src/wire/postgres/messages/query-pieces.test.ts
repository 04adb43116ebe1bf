import { expect, test } from "vitest";
import { connectTo } from "../../../../tests/helpers/dump-to-memory.ts";
import { sharedServer } from "../../../../tests/helpers/shared-servers.ts";

async function* piecesOf(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

test("a statement in pieces is one statement", async () => {
  await using connection = await connectTo(await sharedServer(18), "postgres");
  const sent = connection.queryPieces({ shown: "SELECT", size: 17, pieces: piecesOf("SEL", "ECT 'a", "b'::c", "ha(") });
  await expect(sent).rejects.toThrow("syntax error");
  const { rows } = await connection.queryPieces({ shown: "SELECT", size: 11, pieces: piecesOf("SELECT", " 'é'") });
  expect(rows).toEqual([["é"]]);
  expect((await connection.query("SELECT 1")).rows).toEqual([["1"]]);
});

test("nothing else is sent in between", async () => {
  await using connection = await connectTo(await sharedServer(18), "postgres");
  const sent = connection.queryPieces({ shown: "SELECT", size: 8, pieces: piecesOf("SELECT", " 2") });
  await expect(connection.query("SELECT 3")).rejects.toThrow("while another statement is being sent");
  expect((await sent).rows).toEqual([["2"]]);
});

test.each([
  ["pieces that are too few", "SELECT 2", "a statement of 9 bytes came with 8"],
  ["a zero character", "SELECT 2\0", "zero character"],
])("%s end the connection", async (_, text, message) => {
  await using connection = await connectTo(await sharedServer(18), "postgres");
  await expect(connection.queryPieces({ shown: text, size: 9, pieces: piecesOf(text) })).rejects.toThrow(message);
  await expect(connection.query("SELECT 1")).rejects.toThrow();
});

test("an interruption ends it at once", async () => {
  const interruption = new AbortController();
  const { signal } = interruption;
  await using connection = await connectTo(await sharedServer(18), "postgres", { signal });
  let taken = 0;
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from("SELECT 1");
    interruption.abort();
    for (; taken < 500; taken++) yield Buffer.alloc(1024 * 1024, " ");
  };
  const sent = connection.queryPieces({ shown: "SELECT 1", size: 2 ** 29, pieces: endless() });
  await expect(sent).rejects.toMatchObject({ code: "INTERRUPTED" });
  expect(taken).toBeLessThan(10);
});
