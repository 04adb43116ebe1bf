import { describe, expect, test } from "vitest";
import { dbbackup } from "../helpers/dbbackup.ts";
import { describeShapes } from "./dump-shape-suite.ts";

describeShapes(
  ["--data-only", "--section=post-data --section=pre-data", "--schema-only --sequence-data", "--quote-all-identifiers"],
  [
    "--no-schema --disable-triggers --superuser=the_boss",
    "--clean --create --no-owner --no-privileges --no-tablespaces",
  ],
);

describe("refuses", () => {
  test.each([
    ["-s -a", '"--schema-only" and "--data-only" contradict each other'],
    ["-F plain -a -c", '"--clean" and "--data-only" contradict each other'],
    ["-F plain --if-exists", '"--if-exists" needs --clean'],
    ["-F plain --disable-triggers", '"--disable-triggers" needs --data-only'],
    ["-F plain -a -S x", '"--superuser" needs --disable-triggers'],
    ["-c", '"--clean" stands in scripts only, and format custom is an archive'],
    ["-F tar -O", '"--no-owner" stands in scripts only'],
    ["-s --statistics", '"--statistics" and "--schema-only" contradict each other'],
    ["--statistics --no-statistics", "contradict each other"],
    ["--on-conflict-do-nothing", '"--on-conflict-do-nothing" needs --inserts'],
    ["-F tar --inserts", "archives in tar format hold rows as COPY text"],
    ["--no-schema --no-data", "these options leave nothing to back up"],
  ])("%s", async (args, message) => {
    const refused = await dbbackup(["backup", "single", "none", "--url", "postgres://127.0.0.1:1", ...args.split(" ")]);
    expect([refused.status, refused.stderr.toString()]).toEqual([2, expect.stringContaining(message)]);
  });
});
