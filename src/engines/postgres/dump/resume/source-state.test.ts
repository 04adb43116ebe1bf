import { expect, test } from "vitest";
import { refuseOtherSource } from "./source-state.ts";

const before = {
  server_started: "1790000000.5",
  system_identifier: "7",
  timeline: "1",
  database: "5 shop",
  user: "postgres",
  row_settings: "TimeZone UTC, lc_monetary C",
  snapshot: "00000003-0000001B-1",
  snapshot_seen: "10:20:10",
  data: "ab",
};

test.each([
  ["server_started", "1790000001", "the server was restarted since"],
  ["system_identifier", "8", "begun on another server"],
  ["timeline", "2", "another timeline"],
  ["database", "6 shop", "another database, or this one was made anew"],
  ["user", "other", "another user or role"],
  ["row_settings", "TimeZone Asia/Kolkata, lc_monetary C", "TimeZone or lc_monetary"],
  ["snapshot", "00000003-0000001C-1", "another snapshot"],
  ["snapshot_seen", "10:21:10", "the snapshot of that name is another one"],
  ["data", "cd", "other tables or large objects"],
])("another %s is refused by name", (name, value, message) => {
  expect(() => refuseOtherSource(before, { ...before, [name]: value })).toThrow(message);
});

test("a standby that went on is refused, and so is another way to hold the moment", () => {
  const { snapshot: _, snapshot_seen: __, ...rest } = before;
  const standby = { ...rest, replayed: "0/3000060" };
  expect(() => refuseOtherSource(standby, standby)).not.toThrow();
  expect(() => refuseOtherSource(standby, { ...standby, replayed: "0/3000098" })).toThrow("has replayed more since");
  expect(() => refuseOtherSource(standby, before)).toThrow("begun with another snapshot, or on a standby without one");
});

test("what only some users may ask is compared when both runs could", () => {
  const { system_identifier: _, timeline: __, ...rest } = before;
  expect(() => refuseOtherSource(before, rest)).not.toThrow();
  expect(() => refuseOtherSource(rest, before)).not.toThrow();
});
