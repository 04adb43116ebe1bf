import { expect, test } from "vitest";
import { parseMysqlToolVersion } from "./tool-version.ts";

test.each([
  ["mysqldump  Ver 9.7.4-2 for Linux on x86_64 ((Debian))", "mysql", 90_704, "9.7.4-2"],
  ["mysql  Ver 8.0.43-0ubuntu0.24.04.1 for Linux on x86_64 ((Ubuntu))", "mysql", 80_043, "8.0.43-0ubuntu0.24.04.1"],
  ["mysqldump  Ver 26.7.0 for Linux on x86_64 (MySQL Community Server - GPL)", "mysql", 260_700, "26.7.0"],
  ["mysqldump  Ver 10.13 Distrib 5.6.24, for linux-glibc2.5 (x86_64)", "mysql", 50_624, "5.6.24"],
  [
    "mariadb-dump  Ver 10.19 Distrib 10.5.29-MariaDB, for debian-linux-gnu (x86_64)",
    "mariadb",
    100_529,
    "10.5.29-MariaDB",
  ],
  [
    "/usr/bin/mariadb from 11.8.6-MariaDB, client 15.2 for debian-linux-gnu (x86_64) using  EditLine wrapper",
    "mariadb",
    110_806,
    "11.8.6-MariaDB",
  ],
] as const)("%s", (line, flavour, version, text) => {
  expect(parseMysqlToolVersion(line)).toEqual({ flavour, version, text });
});

test.each(["pg_dump (PostgreSQL) 18.4", "", "mysqldump", "Ver 10"])("%j is none", (line) => {
  expect(parseMysqlToolVersion(line)).toBeUndefined();
});
