import { expect, test } from "vitest";
import { nearestCollation } from "./collations.ts";

const common = [
  "utf8mb4_bin",
  "utf8mb4_general_ci",
  "utf8mb4_unicode_520_ci",
  "utf8mb4_swedish_ci",
  "latin1_swedish_ci",
];
const mariadb105 = new Set([...common, "utf8mb4_unicode_520_nopad_ci", "utf8mb4_nopad_bin"]);
const mysql97 = new Set([...common, "utf8mb4_0900_ai_ci", "utf8mb4_0900_as_cs", "utf8mb4_0900_bin"]);

test.each([
  ["utf8mb4_0900_ai_ci", "utf8mb4_unicode_520_nopad_ci"],
  ["utf8mb4_0900_as_ci", "utf8mb4_unicode_520_nopad_ci"],
  ["utf8mb4_0900_as_cs", "utf8mb4_nopad_bin"],
  ["utf8mb4_ja_0900_as_cs_ks", "utf8mb4_nopad_bin"],
  ["utf8mb4_0900_bin", "utf8mb4_nopad_bin"],
  ["utf8mb4_sv_0900_ai_ci", "utf8mb4_swedish_ci"],
])("MariaDB 10.5 knows no %s, and takes %s", (name, nearest) => {
  expect(nearestCollation(name, mariadb105)).toBe(nearest);
});

test.each([
  ["utf8mb4_uca1400_ai_ci", "utf8mb4_unicode_520_ci"],
  ["utf8mb4_uca1400_nopad_ai_ci", "utf8mb4_0900_ai_ci"],
  ["uca1400_as_cs", "utf8mb4_0900_as_cs"],
  ["utf8mb4_uca1400_swedish_ai_ci", "utf8mb4_swedish_ci"],
  ["latin1_swedish_nopad_ci", "latin1_swedish_ci"],
  ["big5_chinese_nopad_ci", undefined],
])("MySQL 9.7 knows no %s, and takes %s", (name, nearest) => {
  expect(nearestCollation(name, mysql97)).toBe(nearest);
});
