import { expect, test } from "vitest";
import { StrandedNames } from "./stranded-records.ts";

const [a, b] = ["a_full_20260101T000000Z.dump", "b_full_20260101T000000Z.dump"];
const d = "d_full_20260101T000000Z.dir";
const record = (name: string) => `${name}.20260102T030405Z-full-ok.verify.json`;
const keys = (file: string) => `${file}.keys-20260102T030405Z-0a1b2c3d`;

// For each name that is found the repository is asked: of a hundred thousand backups that would be as many listings.
test.each([
  ["with metadata", [a, record(a), `${a}.meta.json`, keys(`${a}.meta.json`)], []],
  ["without metadata, as the first version wrote it", [a, record(a), `${a}.info`, `${a}.sha256`], []],
  ["encrypted", [`${a}.enc`, keys(`${a}.enc`), record(a), `${a}.meta.json`], []],
  ["with metadata alone", [record(a), `${a}.meta.json`], []],
  ["being removed", [record(a), `${a}.removing.json`, keys(`${a}.meta.json`)], []],
  ["gone, beside another", [record(a), keys(`${a}.meta.json`), b, `${b}.meta.json`], [a]],
  ["gone, between others", [`${a}.meta.json`, record(`${a}x`), record(b), `${b}.meta.json`], [`${a}x`]],
  ["gone, at the end", [a, record(b)], [b]],
  ["in a folder", [`${d}.meta.json`, `${d}/`], []],
  ["in a folder, with records", [record(d), keys(`${d}.meta.json`), `${d}.meta.json`, `${d}/`, `${d}x.meta.json`], []],
  ["in a folder that was copied in part", [`${d}.meta.json.keys`, `${d}/`], []],
  ["gone but for a folder", [a, `${d}/`], [d]],
  ["gone but for a folder, before others", [`${d}/`, `${d}x.meta.json`, `${d}x/`], [d]],
  ["gone but for a folder and records", [record(d), `${d}/`, `${d}0.meta.json`], [d]],
  ["gone but for two folders", [`${d}.meta.json/`, `${d}/`], [`${d}.meta.json`, d]],
  ["in folders of somebody else", ["a_full/", "mine/"], []],
])("a listing tells at once of which backups nothing but records is there: %s", (_, listed, expected) => {
  const names = new StrandedNames();
  for (const key of listed.toSorted()) names.add(key);
  expect(names.end()).toEqual(expected);
});
