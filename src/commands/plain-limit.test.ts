import { expect, test } from "vitest";
import type { BackupMetadata } from "../core/metadata/metadata-schema.ts";
import { plainLimit } from "./plain-limit.ts";

const metadata = {
  version: "4.0",
  id: "x",
  format_version: 1,
  timestamp: "2026-01-01T00:00:00Z",
  database: "shop",
  backup_type: "full",
  size_bytes: 10,
  artifacts: [{ name: "shop.dump", size: 10, plain_size: 10 }],
  objects: [
    { type: "table", schema: "s", name: "zeros", rows: 1, bytes: 5_000_000_000 },
    { type: "large-objects", rows: 2, bytes: 7 },
  ],
} as unknown as BackupMetadata;

test("a table may give what the metadata recorded, however small it is compressed", () => {
  expect(plainLimit(metadata, undefined)).toBeGreaterThanOrEqual(5_000_000_007);
  expect(plainLimit(metadata, undefined)).toBeLessThan(5_100_000_000);
});

test("what the user allows wins, and without metadata nobody knows", () => {
  expect(plainLimit(metadata, 100)).toBe(100);
  expect(plainLimit(undefined, 100)).toBe(100);
  expect(plainLimit(undefined, undefined)).toBeUndefined();
});
