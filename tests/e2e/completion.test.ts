import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commands } from "../../src/frontends/cli/commands.ts";
import { bashCompletion } from "../../src/frontends/cli/completion/bash-completion.ts";
import { completionTable } from "../../src/frontends/cli/completion/completion-table.ts";
import { fishCompletion } from "../../src/frontends/cli/completion/fish-completion.ts";
import { zshCompletion } from "../../src/frontends/cli/completion/zsh-completion.ts";
import { manPages } from "../../src/frontends/cli/man-page.ts";
import { takenBy } from "../../src/frontends/cli/parse-command-line.ts";
import { dbbackupHere } from "../helpers/dbbackup-here.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

const table = completionTable(commands);

/** Whether a program is on this machine; if not, says so. */
function has(program: string): boolean {
  const found = spawnSync(program, ["--version"]).error === undefined;
  if (!found) console.warn(`SKIPPED: ${program} is not on this machine, and what is made for it was not tried`);
  return found;
}

/** What bash would offer for these words, the last of which is being typed. */
function offered(lines: readonly (readonly string[])[], folder: string): string[][] {
  const asked = lines.map((words) => {
    const list = ["dbbackup", ...words].map((word) => `'${word}'`).join(" ");
    return `COMP_WORDS=(${list}); COMP_CWORD=${words.length}; _dbbackup; printf '%s\\n' "\${COMPREPLY[@]}" ---`;
  });
  const script = [bashCompletion(table), ...asked].join("\n");
  const done = spawnSync("bash", ["--norc", "-c", script], { cwd: folder, encoding: "utf8" });
  expect(done.stderr).toBe("");
  return done.stdout
    .split("---\n")
    .slice(0, -1)
    .map((text) => text.split("\n").filter((word) => word !== ""));
}

test("bash completes commands, options, words, files and folders", async () => {
  await using folder = await withTemporaryFolder();
  writeFileSync(join(folder.path, "shop one.dump"), "");
  mkdirSync(join(folder.path, "shops"));
  const answers = offered(
    [
      [""],
      ["ba"],
      ["backup", ""],
      ["--repo", "backup", "restore", "s"],
      ["backup", "single", "shop", "--for"],
      ["backup", "single", "shop", "--format", ""],
      ["backup", "single", "shop", "--format", "=", "dir"],
      ["backup", "single", "shop", "--format", "="],
      ["verify", "sh"],
      ["list", "--repo", "sh"],
      ["backup", "single", ""],
      ["completion", ""],
      ["nothing", ""],
    ],
    folder.path,
  );
  expect(answers[0]).toEqual([...new Set(commands.map(({ words }) => words[0]!)), "--help", "--version"]);
  expect(answers.slice(1)).toEqual([
    ["backup"],
    ["single", "sample", "cluster"],
    ["single"],
    ["--format"],
    ["custom", "directory", "tar", "plain", "sql"],
    ["directory"],
    ["custom", "directory", "tar", "plain", "sql"],
    ["shop one.dump", "shops"],
    ["shops"],
    [],
    ["bash", "zsh", "fish"],
    [],
  ]);
});

test("bash offers every option of every command, and no other", () => {
  const answers = offered(
    table.map(({ words }) => [...words, "--"]),
    ".",
  );
  for (const [index, command] of commands.entries()) {
    const all = takenBy(command).flatMap(({ name, aliases = [] }) => [name, ...aliases].map((word) => `--${word}`));
    expect(answers[index], command.words.join(" ")).toEqual(all);
  }
});

test("zsh takes its script", async ({ skip }) => {
  if (!has("zsh")) skip();
  await using folder = await withTemporaryFolder();
  const path = join(folder.path, "_dbbackup");
  writeFileSync(path, zshCompletion(table));
  expect(spawnSync("zsh", ["-n", path], { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
});

test("fish completes by its script", async ({ skip }) => {
  if (!has("fish")) skip();
  await using folder = await withTemporaryFolder();
  const path = join(folder.path, "dbbackup.fish");
  writeFileSync(path, fishCompletion(table));
  const ask = (line: string) =>
    spawnSync("fish", ["-N", "-c", `source ${path}; complete -C '${line}'`], { encoding: "utf8" }).stdout;
  expect(ask("dbbackup backup ")).toMatch(/^cluster\t.*\nsample\t.*\nsingle\t/);
  expect(ask("dbbackup backup single shop --format ")).toContain("directory");
});

test("the command prints them, and knows no other shell", async () => {
  const printed = await dbbackupHere(["completion", "bash"]);
  expect(printed.stdout.toString()).toBe(bashCompletion(table));
  expect((await dbbackupHere(["completion", "tcsh"])).status).toBe(2);
});

test("there is a manual page of each command, with all of its options, that groff takes without a warning", async ({
  skip,
}) => {
  const pages = manPages(commands, "1.2.3");
  expect(pages.map(({ file }) => file)).toEqual([
    "dbbackup.1",
    ...commands.map(({ words }) => `dbbackup-${words.join("-")}.1`),
  ]);
  for (const [index, command] of commands.entries()) {
    const { text } = pages[index + 1]!;
    for (const name of command.options) expect(text).toContain(`\\-\\-${name.replaceAll("-", "\\-")}`);
  }
  if (!has("groff")) skip();
  const all = pages.map(({ text }) => text).join("");
  const done = spawnSync("groff", ["-man", "-ww", "-Tutf8", "-P-cbou"], { input: all, encoding: "utf8" });
  expect(done).toMatchObject({ status: 0, stderr: "" });
  expect(done.stdout).toContain("pg_dump shop | dbbackup encrypt - --recipient x25519:... --output shop.sql.enc");
});
