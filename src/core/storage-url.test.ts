import { expect, test } from "vitest";
import { isStorageUrl, parseBackupUrl } from "./storage-url.ts";

test.each([
  ["s3://bucket/a/shop.dump", "s3://bucket/a", "shop.dump"],
  [
    "s3://bucket/shop.dump?region=eu-1&endpoint=http://h:1/x",
    "s3://bucket?region=eu-1&endpoint=http://h:1/x",
    "shop.dump",
  ],
  ["minio://h:9000/bucket/shop%2525_full.dir/", "minio://h:9000/bucket", "shop%25_full.dir"],
  ["sftp://me@host/srv/backups/100%.dump", "sftp://me@host/srv/backups", "100%.dump"],
  ["s3://bucket", "s3://bucket", ""],
  ["s3://bucket/", "s3://bucket/", ""],
])("%s is a backup in a repository", (url, repository, name) => {
  expect(parseBackupUrl(url)).toEqual({ repository, name });
});

test("a folder may have a colon in its name", () => {
  expect(["s3://b", "B2://x/y", "gs://b/p"].map(isStorageUrl)).toEqual([true, true, true]);
  expect(["c:/backups", "a:b", "./s3:/x", "/x://y", ""].map(isStorageUrl)).toEqual([false, false, false, false, false]);
});
