import { expect, test } from "vitest";
import { sampleEntry } from "../../../../tests/helpers/archive-samples.ts";
import { indexWork } from "./index-work.ts";

const table = sampleEntry({
  dumpId: 1,
  desc: "TABLE",
  definition:
    "CREATE TABLE public.t (\n    id bigint NOT NULL,\n    at timestamp with time zone,\n    note text,\n" +
    '    "N(" integer,\n    code character varying(10)\n);\n',
});

function workOf(desc: string, definition: string): number {
  return indexWork(sampleEntry({ dumpId: 2, desc, definition, dependencies: [1] }), (id) =>
    id === 1 ? table : undefined,
  );
}
const index = (columns: string): number => workOf("INDEX", `CREATE INDEX i ON public.t USING btree (${columns});\n`);
const key = (columns: string): number =>
  workOf("CONSTRAINT", `ALTER TABLE ONLY public.t\n    ADD CONSTRAINT k PRIMARY KEY (${columns});\n`);

test("an index of text is more work than one of several numbers, and that more than one of one", () => {
  expect(index("note")).toBeGreaterThan(index("id, at"));
  expect(index('"N(" DESC NULLS LAST, at')).toBe(index("id, at"));
  expect(index("id, at")).toBeGreaterThan(index("id"));
  expect(key("id")).toBe(index("id"));
  expect(key("id, code")).toBe(index("note"));
});

test("expressions count as text, other methods as more, and what is made in a moment as little", () => {
  expect(index("lower(note)")).toBe(index("note"));
  expect(index("((id + 1))")).toBe(index("note"));
  expect(workOf("INDEX", "CREATE INDEX i ON public.t USING gin (note);\n")).toBeGreaterThan(index("note"));
  expect(
    workOf("CONSTRAINT", "ALTER TABLE ONLY public.t\n    ADD CONSTRAINT e EXCLUDE USING gist (at WITH &&);\n"),
  ).toBeGreaterThan(index("note"));
  expect(workOf("TRIGGER", "CREATE TRIGGER")).toBeLessThan(workOf("FK CONSTRAINT", "ALTER"));
});
