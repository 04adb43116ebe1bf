import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commands } from "../../src/frontends/cli/commands.ts";
import { takenBy } from "../../src/frontends/cli/parse-command-line.ts";
import { type MysqlFlavour, mysqlBinaries } from "../helpers/mysql-packages.ts";
import { mustRun } from "../helpers/run-program.ts";

const programs: readonly (readonly [MysqlFlavour, string])[] = [
  ["mysql-9.7", "mysqldump"],
  ["mariadb-10.5", "mariadb-dump"],
  ["mariadb-11.8", "mariadb-dump"],
];

async function optionsOf(flavour: MysqlFlavour, program: string): Promise<string[]> {
  const binaries = await mysqlBinaries(flavour);
  const { stdout } = await mustRun(binaries.client(program)!, ["--no-defaults", "--help"]);
  return [...stdout.toString().matchAll(/^ +(?:-.,? +)?--([a-z][a-z0-9-]*)/gm)].map(([, name]) => name!);
}

const chapter = readFileSync(join(import.meta.dirname, "../../docs/mysql.md"), "utf8")
  .split("### Options of mysqldump and mariadb-dump that are not taken")[1]!
  .split("\n#")[0]!;
const explained = new Set([...chapter.matchAll(/`--([a-z0-9-]+)`/g)].map(([, name]) => name!));
const command = commands.find(({ words }) => words.join(" ") === "backup single")!;
const taken = new Set(takenBy(command).flatMap(({ name, aliases = [] }) => [name, ...aliases]));

test.each(programs)("each option of %s's %s works here, or docs/mysql.md says why not", async (flavour, program) => {
  const options = await optionsOf(flavour, program);
  expect(options.length).toBeGreaterThan(60);
  const missing = options.filter((name) => !taken.has(name) && !taken.has(`skip-${name}`) && !explained.has(name));
  expect(missing).toEqual([]);
});
