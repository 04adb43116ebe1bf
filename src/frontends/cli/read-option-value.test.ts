import { expect, test } from "vitest";
import type { Option } from "./options/option.ts";
import { findOption } from "./options/options.ts";
import { readOptionValue } from "./read-option-value.ts";

const size: Option = { name: "max-rate", type: "size", min: 1024, help: "" };
const duration: Option = { name: "max-duration", type: "duration", max: 1_000_000, help: "" };

test.each([
  [size, "1024", 1024],
  [size, "4096B", 4096],
  [size, "64k", 65_536],
  [size, "10M", 10_485_760],
  [size, "2G", 2_147_483_648],
  [size, "1T", 1_099_511_627_776],
  [size, "64kB", 65_536],
  [size, "2GB", 2_147_483_648],
  [size, "1MiB", 1_048_576],
  [duration, "90", 90],
  [duration, "90s", 90],
  [duration, "30M", 1800],
  [duration, "2h", 7200],
  [duration, "1d", 86_400],
  [findOption("format")!, "c", "custom"],
  [findOption("format")!, "P", "plain"],
  [findOption("db-type")!, "postgresql", "postgres"],
  [findOption("ssl-mode")!, "verify_ca", "verify-ca"],
])("%o takes %s", (option, text, value) => {
  expect(readOptionValue(option, text, "option")).toBe(value);
});

test.each([
  [size, ["", "M", "-1", "1.5M", "10 M", "10MM", "10BB", "1023", "99999999T", "1e9", "0x10"]],
  [duration, ["", "0", "soon", "1h30m", "-5s", "5w", "1000001"]],
])("%o refuses what is no such value, and says what is", (option, texts) => {
  for (const text of texts) {
    expect(() => readOptionValue(option, text, `option "--${option.name}"`), text).toThrow(
      expect.objectContaining({ code: "USAGE", hint: expect.stringMatching(/^use a (size|time) as /) }),
    );
  }
});
