import { expect, test } from "vitest";
import type { ArchiveHeader } from "../archive/archive-header.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import { saidForNewer } from "./said-for-newer.ts";

const definition =
  "CREATE SUBSCRIPTION s CONNECTION ' WITH (a);' PUBLICATION p WITH (connect = false, slot_name = NONE);\n";

function said(
  sourceVersion: string,
  target: number,
  dumper = "dbbackup version 4",
  desc = "SUBSCRIPTION",
): string | null {
  const header = { serverVersion: sourceVersion, dumperVersion: dumper } as ArchiveHeader;
  return saidForNewer({ desc, definition } as TocEntry, header, target).definition;
}

test.each([
  ["10.23", 13, ""],
  ["10.23", 15, ", streaming = off"],
  ["13.4 (Debian 13.4-1)", 18, ", streaming = off, run_as_owner = true"],
  ["15.1", 18, ", run_as_owner = true"],
  ["15.1", 15, ""],
  ["16.0", 18, ""],
])("a subscription of %s on %i does what it did", (source, target, added) => {
  expect(said(source, target)).toBe(definition.replace("NONE);\n", `NONE${added});\n`));
});

test("archives of pg_dump, and other entries, are taken as they are", () => {
  expect(said("10.23", 18, "18.6 (Debian 18.6-3)")).toBe(definition);
  expect(said("10.23", 18, "dbbackup version 4", "COMMENT")).toBe(definition);
});
