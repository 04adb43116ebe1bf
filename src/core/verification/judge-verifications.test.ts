import { expect, test } from "vitest";
import { type Judged, judgeVerifications } from "./judge-verifications.ts";

const judge = (...found: [Judged["level"], Judged["status"]][]) =>
  judgeVerifications(found.map(([level, status], time) => ({ level, status, time })));

test("what was verified tells the health of a backup", () => {
  expect(judge()).toBe("unverified");
  expect(judge(["quick", "ok"])).toBe("unverified");
  expect(judge(["full", "ok"])).toBe("good");
  expect(judge(["restore", "ok"], ["quick", "ok"])).toBe("proved");
});

test("damage stands until it was looked at as closely again", () => {
  expect(judge(["restore", "ok"], ["full", "damaged"])).toBe("damaged");
  expect(judge(["full", "damaged"], ["quick", "ok"])).toBe("damaged");
  expect(judge(["full", "damaged"], ["full", "ok"])).toBe("good");
  expect(judge(["quick", "damaged"], ["restore", "ok"])).toBe("proved");
});
