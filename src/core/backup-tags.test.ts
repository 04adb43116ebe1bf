import { expect, test } from "vitest";
import { checkedTagWords, parseTags, shownTags, tagWords } from "./backup-tags.ts";

test("names and values are read, and chosen by either", () => {
  const tags = parseTags(["release=4.2=rc", "before-move"]);
  expect(tags).toEqual({ release: "4.2=rc", "before-move": "" });
  expect(tagWords(tags)).toEqual(["release", "release=4.2=rc", "before-move"]);
  expect(shownTags(tags)).toEqual(["release=4.2=rc", "before-move"]);
  expect(tagWords()).toEqual([]);
  expect(Object.getPrototypeOf(parseTags(["constructor=x"]))).toBe(Object.prototype);
});

test.each([
  [["a=1", "a"], /given twice/],
  [["__proto__=x"], /no name of a tag/],
  [["4th"], /no name of a tag/],
  [["=x"], /no name of a tag/],
  [["a="], /not one/],
  [["a=two\nlines"], /not one/],
  [[`a=${"x".repeat(257)}`], /not one/],
  [Array.from({ length: 65 }, (_, at) => `t${at}`), /more than 64/],
])("%j is refused", (words, message) => {
  expect(() => parseTags(words)).toThrow(message);
});

test("words that choose are checked the same way", () => {
  expect(checkedTagWords(["a", "a=1"])).toEqual(["a", "a=1"]);
  expect(() => checkedTagWords(["a "])).toThrow(/no name of a tag/);
});
