import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mysqlBinaries } from "../../../../tests/helpers/mysql-packages.ts";
import { mustRun } from "../../../../tests/helpers/run-program.ts";
import { parseOptionFile } from "./parse-option-file.ts";

function options(text: string): Record<string, string | undefined> {
  return Object.fromEntries(
    parseOptionFile(text).flatMap((line) => (line.kind === "option" ? [[line.name, line.value]] : [])),
  );
}

test("groups, includes, comments and bad lines", () => {
  const text =
    "# a\n; b\r\n[client]\r\nuser = ann\n\n[ other ] \nquick\n!include more.cnf\n  !includedir /etc/d/\n[broken\n";
  expect(parseOptionFile(text)).toEqual([
    { kind: "option", group: "client", name: "user", value: "ann" },
    { kind: "option", group: "other", name: "quick", value: undefined },
    { kind: "include", path: "more.cnf" },
    { kind: "includedir", path: "/etc/d/" },
    { kind: "bad", line: 10 },
  ]);
  expect(parseOptionFile("user=ann")).toEqual([{ kind: "bad", line: 1 }]);
});

describe.each(["mariadb-11.8", "mysql-9.7"] as const)("as the programs of %s read it", (flavour) => {
  test("values with quotes, escapes and comments", async () => {
    const pieces = fc.constantFrom("'", '"', "\\", "#", " ", "\t", "a", "n", "s", "=", ";", "ü", "]");
    const values = fc.sample(fc.array(pieces, { maxLength: 12 }), { numRuns: 400, seed: 7 }).map((one) => one.join(""));
    const text = ["[client]", ...values.map((value, index) => `o${index}=${value}`)].join("\n");
    const folder = await mkdtemp(join(tmpdir(), "dbbackup-my-cnf-"));
    try {
      const file = join(folder, "a.cnf");
      await writeFile(file, text, { mode: 0o600 });
      const program = (await mysqlBinaries(flavour)).client("my_print_defaults")!;
      const show = flavour === "mysql-9.7" ? ["--show"] : [];
      const { stdout } = await mustRun(program, [`--defaults-file=${file}`, ...show, "client"]);
      // Values may hold line breaks.
      const printed = stdout
        .toString()
        .split(/^--(?=o\d+(?:=|$))/m)
        .slice(1);
      const theirs = Object.fromEntries(
        printed.map((line) => {
          const [, name = "", value] = /^(o\d+)(?:=(.*))?\n$/s.exec(line) ?? [];
          return [name, value ?? ""];
        }),
      );
      expect(Object.keys(theirs)).toHaveLength(values.length);
      expect(options(text)).toEqual(theirs);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
