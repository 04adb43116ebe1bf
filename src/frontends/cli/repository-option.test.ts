import { expect, test } from "vitest";
import { repositoryOf } from "./repository-option.ts";

test("parameters of the repository come behind its URL", () => {
  const option = ["endpoint=https://h:1/x?y&z", "path-style=true"];
  expect(repositoryOf({ repo: "s3://b/p", "repo-option": option })).toBe(
    "s3://b/p?endpoint=https%3A%2F%2Fh%3A1%2Fx%3Fy%26z&path-style=true",
  );
  expect(repositoryOf({ repo: "s3://b?region=r", "repo-option": ["profile=a b"] })).toBe(
    "s3://b?region=r&profile=a%20b",
  );
  expect(repositoryOf({ repo: "/srv/backups" })).toBe("/srv/backups");
});

test.each([
  ["s3://b", ["region"], /not NAME=VALUE/],
  ["s3://b?region=r", ["region=s"], /"region" is given twice/],
  ["s3://b", ["region=r", "region=s"], /given twice/],
  ["/srv/backups", ["region=r"], /a folder/],
])("%s with %j is refused, and no value told", (repo, option, reason) => {
  expect(() => repositoryOf({ repo, "repo-option": option })).toThrow(reason);
  expect(() => repositoryOf({ repo, "repo-option": option })).not.toThrow(/=[rs]/);
});
