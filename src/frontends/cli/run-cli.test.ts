import { PassThrough } from "node:stream";
import type { WriteStream } from "node:tty";
import * as v from "valibot";
import { expect, test } from "vitest";
import { BackupError } from "../../core/backup-error.ts";
import { ExitStatus } from "../../core/exit-status.ts";
import { progressEventSchema } from "../../core/progress-event-schema.ts";
import type { ProgressEvent } from "../../ports/progress.ts";
import type { Command, RunCommand } from "./command.ts";
import { runCli } from "./run-cli.ts";

const clock = { now: () => new Date(0), monotonic: () => 0 };

/** Runs `dbbackup work ...` with `work` as the command's code. */
async function runWork(
  args: string,
  work: RunCommand,
  { signal = new AbortController().signal, tty = false, environment = {} } = {},
) {
  const stdout = new PassThrough();
  const stderr = Object.assign(new PassThrough(), { isTTY: tty, columns: 60 });
  const commands: Command[] = [
    { words: ["work"], summary: "works", args: [], options: ["password", "url"], load: async () => ({ run: work }) },
  ];
  const status = await runCli({
    args: args.split(" "),
    environment,
    stdout,
    stderr: stderr as unknown as WriteStream,
    signal,
    services: {
      clock,
      requestFigures: new Map(),
      readConfig: async () => undefined,
      tool: { name: "dbbackup", version: "0" },
    } as never,
    commands,
  });
  return { status, stdout: textOf(stdout), stderr: textOf(stderr) };
}

function textOf(stream: PassThrough): string {
  return String(stream.read() ?? "");
}

const failing = (error: unknown): RunCommand => {
  return async () => {
    throw error;
  };
};

const serverError = new BackupError({
  code: "SERVER",
  message: 'relation "a\u001b[2J" does not exist',
  object: "public.a",
  details: ["line 1"],
  sqlState: "42P01",
  hint: "create it",
});

test("an error names object, details and hint, and no escape sequence reaches the terminal", async () => {
  const { status, stderr, stdout } = await runWork("work", failing(serverError));
  expect(status).toBe(ExitStatus.failed);
  expect(stdout).toBe("");
  expect(stderr).toBe(
    [
      'dbbackup: error: relation "a\\x1b[2J" does not exist',
      "  object: public.a",
      "  SQLSTATE: 42P01",
      "  line 1",
      "hint: create it",
      "",
    ].join("\n"),
  );
});

test("with --json the error is the one document on stdout", async () => {
  const { stdout } = await runWork("work --json", failing(serverError));
  expect(JSON.parse(stdout)).toEqual({
    error: {
      code: "SERVER",
      message: serverError.message,
      object: "public.a",
      details: ["line 1"],
      hint: "create it",
      sql_state: "42P01",
      retry: "never",
      exit_status: 1,
    },
  });
});

test("also when the command line itself is wrong", async () => {
  const { status, stdout } = await runWork("wrok --json", failing(serverError));
  expect(status).toBe(ExitStatus.usage);
  expect(JSON.parse(stdout).error).toMatchObject({ code: "USAGE", hint: 'did you mean "work"?' });
});

test("an error that nobody expected asks for a report; its stack needs --verbose", async () => {
  const quiet = await runWork("work", failing(new TypeError("x is undefined")));
  expect(quiet.status).toBe(ExitStatus.failed);
  expect(quiet.stderr).toMatch(/a fault in dbbackup[\s\S]*please report/);
  expect(quiet.stderr).not.toContain("run-cli.test.ts");
  const verbose = await runWork("work --verbose", failing(new TypeError("x is undefined")));
  expect(verbose.stderr).toContain("run-cli.test.ts");
});

test("an interrupted command ends with 130, whatever it failed with", async () => {
  const controller = new AbortController();
  controller.abort(new BackupError({ code: "INTERRUPTED", message: "interrupted by SIGINT" }));
  const { status, stderr } = await runWork("work", failing(new Error("socket closed")), { signal: controller.signal });
  expect(status).toBe(130);
  expect(stderr).toBe("dbbackup: error: interrupted by SIGINT\n");
});

test("the command's own status is the exit status", async () => {
  expect((await runWork("work", async () => ExitStatus.damaged)).status).toBe(4);
});

test("a typed password is warned about, and not repeated", async () => {
  const { stderr } = await runWork("work --password hunter2", async () => ExitStatus.done);
  expect(stderr).toContain("password on the command line");
  expect(stderr).not.toContain("hunter2");
  expect((await runWork("work --url postgres://u:hunter2@h/d", async () => ExitStatus.done)).stderr).toMatch(
    /password/,
  );
  expect((await runWork("work --url postgres://u@h/d", async () => ExitStatus.done)).stderr).toBe("");
});

test("a variable that looks like ours and is none is named, since it was meant to do something", async () => {
  const environment = { DBBACKUP_REPOO: "/x", DBBACKUP_PORT: "tcp://10.0.0.1:80", DBBACKUP_SERVICE_HOST: "10.0.0.1" };
  const { status, stderr } = await runWork("work", async () => ExitStatus.done, { environment });
  expect(status).toBe(0);
  expect(stderr).toBe(
    'dbbackup: warning: environment variable "DBBACKUP_REPOO" means nothing\nhint: did you mean DBBACKUP_REPO?\n',
  );
});

test("--log-format json writes one object a line", async () => {
  const { stderr } = await runWork("work --log-format json", failing(serverError));
  expect(JSON.parse(stderr)).toMatchObject({ level: "error", code: "SERVER", sql_state: "42P01" });
});

const events: ProgressEvent[] = [
  { event: "phase", phase: "data", message: "dumping shop" },
  { event: "estimate", bytes: 1000, rows: 10, objects: 2 },
  { event: "object-start", object: "public.a" },
  { event: "progress", bytes: 500, rows: 5, objects: 1 },
  { event: "object-end", object: "public.a", rows: 5, bytes: 500 },
  { event: "warning", message: "something is odd", hint: "look" },
];

const telling: RunCommand = async (_, { progress }) => {
  for (const event of events) progress.emit(event);
  return ExitStatus.done;
};

test("--progress json prints every event, as the published schema says", async () => {
  const { stderr, stdout } = await runWork("work --progress json", telling);
  const lines = stderr.trimEnd().split("\n");
  const printed = lines.map((line) => v.parse(progressEventSchema, JSON.parse(line)));
  expect(printed).toMatchObject(events);
  expect(stdout).toBe("");
});

test("on a terminal a bar shows the work and is gone at the end; warnings stay", async () => {
  const { stderr } = await runWork("work", telling, { tty: true });
  expect(stderr).toContain("dumping shop");
  expect(stderr).toContain("something is odd");
  expect(stderr.split("\r\u001b[K").length).toBeGreaterThan(1);
  expect(stderr.split("\r\u001b[K").at(-1)).not.toContain("dumping shop");
});

test("elsewhere phases are lines; --quiet leaves only warnings; --progress none too", async () => {
  expect((await runWork("work", telling)).stderr).toMatch(
    /^dbbackup: dumping shop\ndbbackup: dumping shop: about 1000 B\ndbbackup: warning: /,
  );
  expect((await runWork("work --quiet", telling)).stderr).toMatch(
    /^dbbackup: warning: something is odd\nhint: look\n$/,
  );
  expect((await runWork("work --progress none", telling)).stderr).toMatch(/^dbbackup: warning: /);
});

const answering: RunCommand = async (_, { output }) => {
  output.print("two lines", "of text");
  output.document({ answer: 42 });
  return ExitStatus.done;
};

test("results go to stdout as text or as JSON, never both", async () => {
  expect((await runWork("work", answering)).stdout).toBe("two lines\nof text\n");
  expect(JSON.parse((await runWork("work --json", answering)).stdout)).toEqual({ answer: 42 });
});
