import { expect, test } from "vitest";
import { BackupError } from "../backup-error.ts";
import { formatMetadata } from "./format-metadata.ts";
import type { BackupMetadata } from "./metadata-schema.ts";
import { readMetadata } from "./read-metadata.ts";
import { withSelfHash } from "./self-hash.ts";

const hash = "0123456789abcdef".repeat(4);

const metadata: BackupMetadata = {
  version: "4.0",
  timestamp: "2026-11-20T23:30:00.123Z",
  database: 'größe "x"',
  database_type: "postgresql",
  backup_type: "full",
  size_bytes: 10,
  id: "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
  format_version: 1,
  artifacts: [{ name: "a.dump", size: 10, sha256: hash }],
  objects: [{ type: "table", schema: "public", name: "a", rows: 1, bytes: 2, checksum: "0".repeat(32) }],
  tags: { why: "test" },
};

/** As dbbackup 3 writes it, with the path and the time stamp of its own machine. */
const earlier = {
  version: "2.0",
  timestamp: "2025-11-20T10:15:30.123456789+01:00",
  database: "shop",
  database_type: "postgresql",
  database_version: "PostgreSQL 15.3",
  host: "localhost",
  port: 5432,
  user: "postgres",
  backup_file: "/var/backups/db_shop_20251120_101530.dump",
  size_bytes: 123,
  sha256: hash,
  compression: "gzip-6",
  backup_type: "full",
  duration_seconds: 1.5,
  extra_info: { jobs: "4" },
  encrypted: false,
};

function damage(text: string): string {
  try {
    readMetadata(text, "x.meta.json");
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    expect(error.object).toBe("x.meta.json");
    return `${error.code}: ${error.message}`;
  }
  throw new Error("it was taken");
}

/** Our metadata as text, with the fields given instead, and as if it had been written so. */
function written(fields: object): string {
  return withSelfHash({ ...metadata, ...fields });
}

test("a flipped bit anywhere in the file is found", () => {
  const bytes = Buffer.from(formatMetadata(metadata));
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    expect(() => readMetadata(flipped.toString("utf8"), "x"), `bit ${bit}`).toThrow(BackupError);
  }
});

test("what is written is read again, with fields that a later version added", () => {
  const text = formatMetadata({ ...metadata, added_later: { deep: [1] } });
  expect(readMetadata(text, "x")).toEqual({ ...metadata, added_later: { deep: [1] } });
});

test("metadata of earlier programs is read in today's terms", () => {
  const text = JSON.stringify(earlier);
  const read = readMetadata(text, "x");
  expect(read).toMatchObject({
    database: "shop",
    timestamp: "2025-11-20T09:15:30.123Z",
    compression: "gzip-6",
    format_version: 0,
    backup_file: "db_shop_20251120_101530.dump",
    artifacts: [{ name: "db_shop_20251120_101530.dump", size: 123, sha256: hash }],
    extra_info: { jobs: "4" },
  });
  expect(read.id).toBe(readMetadata(text, "y").id);
});

test("an earlier file without hash or kind is a full backup that nobody can check by hash", () => {
  const read = readMetadata(JSON.stringify({ ...earlier, sha256: "", backup_type: "" }), "x");
  expect(read.backup_type).toBe("full");
  expect(read.artifacts[0]).not.toHaveProperty("sha256");
});

test.each([
  ["", /DAMAGED/],
  ["{", /DAMAGED/],
  ["[]", /DAMAGED/],
  ["null", /DAMAGED/],
  ["{}", /DAMAGED: .*version/],
  [written({ format_version: 2 }), /UNSUPPORTED_FORMAT: .*newer than this program/],
  [written({ format_version: "1" }), /"format_version"/],
  [written({ artifacts: [] }), /"artifacts"/],
  [written({ artifacts: [{ name: "../../etc/passwd", size: 1 }] }), /"artifacts.0.name"/],
  [written({ artifacts: [{ name: "a", size: -1 }] }), /"artifacts.0.size"/],
  [written({ timestamp: "2026-99-99T00:00:00Z" }), /"timestamp"/],
  [written({ size_bytes: 1e300 }), /"size_bytes"/],
  [JSON.stringify({ ...earlier, backup_file: "/var/backups/.." }), /"backup_file"/],
  [JSON.stringify({ ...earlier, timestamp: "yesterday" }), /"timestamp"/],
  [formatMetadata(metadata).replace('"tags"', '"__proto__"'), /__proto__/],
])("refuses %.60s", (text, reason) => {
  expect(damage(text)).toMatch(reason);
});

test("keys that could change an object's nature stay plain data", () => {
  const text = written({ tags: JSON.parse('{"constructor": "test"}') });
  const read = readMetadata(text, "x");
  expect(Object.getPrototypeOf(read.tags)).toBe(Object.prototype);
  expect(({} as Record<string, unknown>).why).toBeUndefined();
});

test("writing refuses what could not be read", () => {
  expect(() => formatMetadata({ ...metadata, artifacts: [{ name: "/etc/passwd", size: 1 }] })).toThrow();
});
