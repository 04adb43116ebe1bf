import { expect, test } from "vitest";
import { BackupError } from "../../core/backup-error.ts";
import type { Command } from "./command.ts";
import { commands as allCommands } from "./commands.ts";
import { connectionOptionNames, findOption } from "./options/options.ts";
import { type CommandLine, parseCommandLine } from "./parse-command-line.ts";

const load = (): Promise<never> => Promise.reject(new Error("not loaded in this test"));
const commands: readonly Command[] = [
  {
    words: ["backup", "single"],
    summary: "",
    args: [{ name: "DB", count: "one", help: "" }],
    options: connectionOptionNames,
    load,
  },
  { words: ["mine"], summary: "", args: [], options: ["exclude-schema", "jobs"], load },
  { words: ["backup", "cluster"], summary: "", args: [], options: [], load },
  { words: ["verify"], summary: "", args: [{ name: "BACKUP", count: "many", help: "" }], options: [], load },
  { words: ["list"], summary: "", args: [], options: [], load },
];

function parse(args: string, environment: Record<string, string> = {}): CommandLine {
  return parseCommandLine(args === "" ? [] : args.split(" "), environment, commands);
}

function run(args: string, environment: Record<string, string> = {}) {
  const line = parse(args, environment);
  if (line.kind !== "run") throw new Error(line.kind);
  return { words: line.command.words.join(" "), args: line.invocation.args, options: { ...line.invocation.options } };
}

function refusal(args: string, environment: Record<string, string> = {}): string {
  try {
    parse(args, environment);
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    expect(error.exitStatus).toBe(2);
    return `${error.message}; ${error.hint}`;
  }
  throw new Error("it was not refused");
}

test("options stand before, between and after the words, with the value beside or after an equals sign", () => {
  expect(run("--json backup --port=5433 single -h db.example shop -U ann")).toEqual({
    words: "backup single",
    args: ["shop"],
    options: { json: true, port: 5433, host: "db.example", user: "ann" },
  });
});

test("after -- everything is an argument", () => {
  expect(run("backup single -- --json").args).toEqual(["--json"]);
  expect(run("verify -- -a -b").args).toEqual(["-a", "-b"]);
});

test("a letter means what the command's own options say", () => {
  expect(run("mine -N one -j 2")).toMatchObject({ options: { "exclude-schema": ["one"], jobs: 2 } });
  expect(refusal("list -N one")).toMatch(/"-N" does not belong to "list"/);
  for (const { words, options: names } of allCommands) {
    const letters = names.flatMap((name) => findOption(name)!.short ?? []);
    expect(letters.toSorted(), words.join(" ")).toEqual([...new Set(letters)].toSorted());
  }
});

test("an alias means its option", () => {
  expect(run("list --backup-dir /b").options).toEqual({ repo: "/b" });
  expect(run("backup single x --ssl-mode verify_identity").options).toEqual({ "ssl-mode": "verify-full" });
});

test("what libpq takes empty may be empty", () => {
  expect(run("backup single x --host= --password=").options).toEqual({ host: "", password: "" });
});

test("a flag wins over the environment, which an empty variable is not", () => {
  expect(run("list --repo /a", { DBBACKUP_REPO: "/b" }).options).toEqual({ repo: "/a" });
  expect(run("list", { DBBACKUP_REPO: "/b", DBBACKUP_JSON: "0", DBBACKUP_PROGRESS: "" }).options).toEqual({
    repo: "/b",
  });
  expect(run("list --verbose", { DBBACKUP_QUIET: "1" }).options).toEqual({ verbose: true });
  expect(run("list", { NO_COLOR: "0" }).options).toEqual({ "no-color": true });
});

test.each([
  ["", /no command/],
  ["lst", /unknown command "lst"; did you mean "list"/],
  ["backup", /"backup" needs one more word; there is "backup single", "backup cluster"/],
  ["backup singel x", /did you mean "backup single"/],
  ["list --jsn", /unknown option "--jsn"; did you mean "--json"/],
  ["list -y", /unknown option "-y"/],
  ["list --port 1", /"--port" does not belong to "list"/],
  ["list --json=true", /"--json" takes no value/],
  ["list --repo", /"--repo" needs a value/],
  ["list --repo --json", /"--repo" needs a value; write "--repo=--json"/],
  ["backup single x -h", /"-h" needs a value; "-h" is the host/],
  ["list --repo a --repo b", /given twice/],
  ["list --quiet --verbose", /contradict each other/],
  ["backup single x --port 0", /use a whole number from 1 to 65535/],
  ["backup single x --port 1e3", /wrong value/],
  ["backup single x --password a --password-file b", /contradict/],
  ["list --progress pretty", /wrong value "pretty"/],
  ["list --progress jsn", /did you mean "json"/],
  ["list extra", /unexpected argument "extra"/],
  ["backup single", /needs DB/],
  ["verify", /needs BACKUP/],
  ["backup single ", /"backup single" has an empty argument; write "dbbackup backup single DB"/],
  ["verify a  b", /empty argument/],
  ["backup single x --url=", /"--url" has the wrong value ""; give it a value, or leave it out/],
  ["mine --exclude-schema=", /wrong value ""/],
  ["list --repo=", /wrong value ""/],
])("refuses %j", (args, reason) => {
  expect(refusal(args)).toMatch(reason);
});

test("refuses variables that cannot be honoured, by name", () => {
  expect(refusal("list", { DBBACKUP_PROGRESS: "often" })).toMatch(/variable "DBBACKUP_PROGRESS" has the wrong value/);
  expect(refusal("list", { DBBACKUP_JSON: "perhaps" })).toMatch(/DBBACKUP_JSON.*; use 1 or 0/);
  expect(refusal("list", { DBBACKUP_QUIET: "1", DBBACKUP_VERBOSE: "1" })).toMatch(/contradict/);
});

test("help wins over everything but unknown options", () => {
  expect(parse("backup --help --port x")).toEqual({ kind: "help", words: ["backup"] });
  expect(parse("help verify")).toEqual({ kind: "help", words: ["verify"] });
  expect(parse("--version").kind).toBe("version");
});

test("a secret value is not repeated in the refusal", () => {
  expect(refusal("backup single x --password -hunter2")).not.toContain("hunter2");
});
