import { expect, test } from "vitest";
import { ToolMessages, toolFailed } from "./tool-messages.ts";

function read(text: string): ToolMessages {
  const messages = new ToolMessages();
  for (const line of text.split("\n")) messages.add(line);
  return messages;
}

test("errors of pg_restore have the entry, the statement and what the server adds", () => {
  const messages = read(`pg_restore: connecting to database for restore
pg_restore: creating TABLE "public.t"
pg_restore: while PROCESSING TOC:
pg_restore: from TOC entry 215; 1259 16385 TABLE t postgres
pg_restore: error: could not execute query: ERROR:  relation "t" already exists
Command was: CREATE TABLE public.t (
    a integer
);


pg_restore: from TOC entry 3440; 0 16385 TABLE DATA odd name postgres
pg_restore: error: COPY failed for table "odd name": ERROR:  not now
DETAIL:  It is late.
HINT:  Try later.
CONTEXT:  COPY t, line 1
pg_restore: warning: errors ignored on restore: 2`);
  expect({ errors: messages.errors, ignored: messages.ignoredErrors }).toEqual({ errors: 2, ignored: 2 });
  expect(messages.messages.filter(({ severity }) => severity === "error")).toEqual([
    {
      severity: "error",
      message: 'could not execute query: relation "t" already exists',
      details: ["Command was: CREATE TABLE public.t (", "    a integer", ");"],
      about: "TABLE t",
    },
    {
      severity: "error",
      message: 'COPY failed for table "odd name": not now',
      details: ["DETAIL:  It is late.", "CONTEXT:  COPY t, line 1"],
      hint: "Try later.",
      about: "TABLE DATA odd name",
    },
  ]);
});

test("errors of psql have the line of the script; notices are none", () => {
  const messages = read(`psql:<stdin>:12: NOTICE:  identifier will be truncated
psql:<stdin>:17: ERROR:  syntax error at or near "x"
LINE 1: x
        ^
psql:<stdin>:18: WARNING:  there is no transaction in progress`);
  expect(messages.errors).toBe(1);
  expect(messages.firstError).toMatchObject({ about: "line 17", message: 'syntax error at or near "x"' });
  expect(messages.warnings).toMatchObject([{ about: "line 18" }]);
});

test("a program that does not run is told by what was said instead", () => {
  const messages = read("/usr/bin/pg_dump: error while loading shared libraries: libpq.so.5");
  expect(toolFailed("pg_dump", 127, messages)).toMatchObject({
    message: "pg_dump ended with 127, and said nothing",
    details: ["/usr/bin/pg_dump: error while loading shared libraries: libpq.so.5"],
  });
});

test("an unlimited number of messages takes limited memory, and is counted", () => {
  const messages = new ToolMessages();
  for (let i = 0; i < 5000; i++) messages.add(`pg_restore: error: number ${i} ${"x".repeat(5000)}`);
  messages.add("pg_restore: warning: errors ignored on restore: 5000");
  expect(messages.messages.length).toBeLessThanOrEqual(100);
  expect(messages.firstError?.message.length).toBeLessThanOrEqual(2000);
  expect(messages.ignoredErrors).toBe(5000);
});
