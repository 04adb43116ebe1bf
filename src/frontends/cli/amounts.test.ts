import { expect, test } from "vitest";
import { formatAge, formatBytes, formatDuration } from "./amounts.ts";

test.each([
  [0, "0 B"],
  [13.8, "14 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [10_188, "9.9 KiB"],
  [10_240, "10 KiB"],
  [1_048_575, "1.0 MiB"],
  [5 * 2 ** 40, "5.0 TiB"],
])("%d bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test.each([
  [0, "0.0 s"],
  [9.94, "9.9 s"],
  [9.96, "10 s"],
  [59.6, "1:00"],
  [187, "3:07"],
  [7205, "2:00:05"],
  [273_600, "3 d 4 h"],
])("%d seconds are %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));

test.each([
  [-3600, "in the future"],
  [59, "now"],
  [60, "1 min"],
  [7199, "119 min"],
  [7200, "2 h"],
  [172_800, "2 d"],
  [70_000_000, "2 y"],
])("%i seconds ago are %s", (seconds, text) => expect(formatAge(seconds)).toBe(text));
