import { expect, test } from "vitest";
import { markLabel, verificationMark } from "./verification-mark.ts";

const time = new Date("2026-11-22T11:00:00Z");

test("names tell level and outcome; those from before names told it are restores", () => {
  const cases: [string, unknown][] = [
    ["a.dump.20261122T110000Z.verify.json", { backup: "a.dump", time, level: "restore", status: undefined }],
    ["a.dump.20261122T110000Z-2.verify.json", { backup: "a.dump", time, level: "restore", status: undefined }],
    ["a.dump.20261122T110000Z-quick-ok.verify.json", { backup: "a.dump", time, level: "quick", status: "ok" }],
    ["a.20261122T110000Z-full-damaged-3.verify.json", { backup: "a", time, level: "full", status: "damaged" }],
    [
      `a.b.20261122T110000Z${markLabel("restore", "ok")}.verify.json`,
      { backup: "a.b", level: "restore", status: "ok" },
    ],
  ];
  for (const [key, expected] of cases)
    expect(verificationMark(key), key).toMatchObject({ key, ...(expected as object) });
});

test("other names are none", () => {
  const others = [
    "a.dump.meta.json",
    ".20261122T110000Z-quick-ok.verify.json",
    "a.dump.20261122T110000Z-deep-ok.verify.json",
    "a.dump.20261122T110000Z-full.verify.json",
    "a.dump.20261322T110000Z-full-ok.verify.json",
    "a.dump.verify.json",
  ];
  for (const key of others) expect(verificationMark(key), key).toBeUndefined();
});
