import { describe, expect, test } from "vitest";
import { sampleArchive, sampleEntry } from "../../../../../tests/helpers/archive-samples.ts";
import { restoreRequest } from "../../../../../tests/helpers/restore-request.ts";
import type { RestoreRequest } from "../../../../ports/restore.ts";
import { refuseOther } from "../../../common/restore-identity.ts";
import type { ArchiveHeader } from "../../archive/archive-header.ts";
import { archiveTimeOf } from "../../archive/archive-time.ts";
import type { TocEntry } from "../../archive/toc-entry.ts";
import { planArchive } from "../archive-plan.ts";
import { journalIdentity } from "./journal-identity.ts";

const server = { major: 18, port: 1, socketDirectory: "" } as const;
const { entries } = sampleArchive();
const header: ArchiveHeader = {
  minor: 16,
  compression: { method: "none", level: 0 },
  createdAt: archiveTimeOf(new Date(0)),
  database: "shop",
  serverVersion: "18.0",
  dumperVersion: "dbbackup",
};

interface Given {
  readonly request?: Partial<RestoreRequest>;
  readonly entries?: readonly TocEntry[];
  readonly storedBytes?: number;
}

function identity(given: Given = {}) {
  const request = restoreRequest(server, "x", given.request);
  const all = given.entries ?? entries;
  const plan = planArchive(all, request, (text) => text);
  return journalIdentity({ header, entries: all }, { storedBytes: () => given.storedBytes ?? 100 }, plan, request);
}

/** As the journal gives it back. */
function record(given?: Given) {
  const { archive, plan, options } = identity(given);
  return { archive, plan, options: JSON.stringify(options) };
}

describe("a restore is resumed", () => {
  test.each([
    [{ jobs: { count: 8, isAsked: true } }],
    [{ splitLargerThan: 8192 }],
    [{ transactionSize: 7 }],
    [{ analyze: true }],
    [{ confirmed: false }],
    [{ tables: [], noOwner: false, schemaOnly: false }],
  ] as const)("with other options that change nothing of what is made: %j", (request) => {
    expect(() => refuseOther(record(), identity({ request }))).not.toThrow();
    expect(() => refuseOther(record({ request }), identity())).not.toThrow();
  });

  test.each([
    [{ noOwner: true }, "--no-owner was not given", "--no-owner was given"],
    [{ clean: true, ifExists: true }, "--clean was not given, --if-exists was not given", "--clean was given"],
    [{ role: "some'one" }, "--role was not given", "--role was given"],
    [{ schemas: ["public"] }, "--schema was not given", "--schema was given"],
  ] as const)("not with others: %j", (request, added, left) => {
    expect(() => refuseOther(record(), identity({ request }))).toThrow(added);
    expect(() => refuseOther(record({ request }), identity())).toThrow(left);
  });

  test("not with another value of an option", () => {
    const given = record({ request: { role: "a" } });
    expect(() => refuseOther(given, identity({ request: { role: "b" } }))).toThrow("--role was another");
  });

  test("not from another archive, be it as large or have the same contents", () => {
    expect(() => refuseOther(record({ storedBytes: 101 }), identity())).toThrow("another backup");
    const more = [...entries, sampleEntry({ dumpId: 99, tag: "x", desc: "COMMENT" })];
    expect(() => refuseOther(record({ entries: more }), identity())).toThrow("another backup");
  });

  test("not when another version plans otherwise, or the journal cannot be read", () => {
    expect(() => refuseOther({ ...record(), plan: "0" }, identity())).toThrow("plans the restore in another way");
    for (const options of ["{", "null", "7"]) {
      expect(() => refuseOther({ ...record(), options }, identity())).toThrow("cannot be read");
    }
  });
});
