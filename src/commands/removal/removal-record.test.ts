import { expect, test } from "vitest";
import { formatRemoval, parseRemoval } from "./removal-record.ts";

const id = "019aa0c0-0000-7000-8000-000000000001";
const parsed = (key: string, metadata: string, files: readonly string[]) =>
  parseRemoval(formatRemoval({ id, metadata, files }), key);

test("a removal names the files of its backup", () => {
  const files = ["a.dump", "a.dump.keys-1", "a.dump.meta.json.keys-1", "a.dump.20260102T030405Z.verify.json"];
  expect(parsed("a.dump.removing.json", "a.dump.meta.json", files)).toEqual({
    id,
    metadata: "a.dump.meta.json",
    files,
  });
  expect(parsed("a.dir.removing.json", "a.dir.meta.json", ["a.dir/toc.dat", "a.dir/x.meta.json"])).toBeDefined();
});

test("its name is no beginning of another backup's, whose metadata it would take", () => {
  expect(parsed("a.removing.json", "a.meta.json", ["a.dump", "a.dump.meta.json"])).toBeUndefined();
  expect(parsed("a.removing.json", "a.dump.meta.json", ["a.dump"])).toBeUndefined();
  expect(parsed("a.removing.json", "a.meta.json", ["b.dump"])).toBeUndefined();
});
