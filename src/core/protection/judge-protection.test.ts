import { expect, test } from "vitest";
import { copyScore } from "./copy-score.ts";
import { judgeProtection, type ProtectionFacts } from "./judge-protection.ts";

const hour = 3_600_000;
const now = 1_000 * hour;
const policy = { maxAge: 26 * hour, maxProofAge: 100 * hour };
const good: ProtectionFacts = {
  lastGood: now - hour,
  lastProved: now - 50 * hour,
  spoiled: undefined,
  failure: undefined,
};
const judge = (facts: Partial<ProtectionFacts>) =>
  judgeProtection({ ...good, ...facts }, policy, now, (ms) => `${ms / hour} h`);

test.each<[string, Partial<ProtectionFacts>, string, readonly string[]]>([
  ["all is well", {}, "protected", []],
  ["at the limits", { lastGood: now - 26 * hour, lastProved: now - 100 * hour }, "protected", []],
  ["an old backup", { lastGood: now - 27 * hour }, "stale", ["the last good backup is 27 h old, and may be 26 h"]],
  ["no proof", { lastProved: undefined }, "unproved", ["no backup was restored for proof"]],
  [
    "an old proof",
    { lastProved: now - 101 * hour },
    "unproved",
    ["the last backup that was restored for proof is 101 h old, and may be 100 h"],
  ],
  ["nothing", { lastGood: undefined, lastProved: undefined }, "failing", ["there is no good backup"]],
  [
    "a damaged one behind a good one",
    { spoiled: { time: now, why: "a file is missing" } },
    "failing",
    ["the newest backup cannot be counted on: a file is missing"],
  ],
  [
    "a failure since",
    { failure: { time: now - hour / 2, why: "no" } },
    "failing",
    ["the last attempt failed 0.5 h ago: no"],
  ],
  ["a failure before", { failure: { time: now - 2 * hour, why: "no" } }, "protected", []],
  [
    "the worst of several",
    { lastGood: now - 30 * hour, lastProved: undefined, failure: { time: now, why: "no" } },
    "failing",
    [
      "the last attempt failed 0 h ago: no",
      "the last good backup is 30 h old, and may be 26 h",
      "no backup was restored for proof",
    ],
  ],
])("%s", (_, facts, state, reasons) => {
  expect(judge(facts)).toEqual({ state, reasons });
});

test("3-2-1-1-0 names what is missing", () => {
  const disk = { medium: "disk", isElsewhere: false, isLocked: false };
  const bucket = { medium: "s3", isElsewhere: true, isLocked: true };
  expect(copyScore([disk, bucket], true)).toEqual({
    copies: 3,
    media: 2,
    elsewhere: 1,
    locked: 1,
    isVerified: true,
    missing: [],
  });
  expect(copyScore([disk, disk], true).missing).toEqual([
    "2 kinds of media",
    "1 elsewhere",
    "1 that nobody can change",
  ]);
  expect(copyScore([bucket], false).missing).toEqual(["3 copies", "0 errors when verified"]);
  expect(copyScore([], false)).toMatchObject({ copies: 1, media: 1, elsewhere: 0, locked: 0 });
});
