import { expect, test } from "vitest";
import { AskedAhead } from "./asked-ahead.ts";

function counted(): { readonly sent: string[]; readonly ahead: AskedAhead } {
  const sent: string[] = [];
  const ahead = new AskedAhead(async (sql) => {
    sent.push(sql);
    if (sql === "bad") throw new Error("the transaction is over");
    return [{ answer: `${sql} ${sent.length}` }];
  });
  return { sent, ahead };
}

test("what was asked ahead is answered once, all else is sent", async () => {
  const { sent, ahead } = counted();
  ahead.ask(["a", "b"]);
  expect(sent).toEqual(["a", "b"]);
  expect(await ahead.rows("a")).toEqual([{ answer: "a 1" }]);
  expect(await ahead.rows("c")).toEqual([{ answer: "c 3" }]);
  expect(await ahead.rows("a")).toEqual([{ answer: "a 4" }]);
  expect(sent).toEqual(["a", "b", "c", "a"]);
});

test("answers of a transaction that is over are not given", async () => {
  const { ahead } = counted();
  ahead.ask(["a", "b"]);
  ahead.ask(["a"]);
  expect(await ahead.rows("a")).toEqual([{ answer: "a 3" }]);
  expect(await ahead.rows("b")).toEqual([{ answer: "b 4" }]);
});

test("a failure is told to whoever asks, and to nobody else", async () => {
  const { ahead } = counted();
  ahead.ask(["bad"]);
  await new Promise((resolve) => setImmediate(resolve));
  await expect(ahead.rows("bad")).rejects.toThrow("the transaction is over");
});
