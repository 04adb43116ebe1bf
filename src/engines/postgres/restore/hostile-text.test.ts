import { expect, test } from "vitest";
import { sampleEntry } from "../../../../tests/helpers/archive-samples.ts";
import { privilegesOfLargeObject } from "../archive/large-object-statements.ts";
import { ownedObject } from "../archive/owned-object.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import { trustReasons } from "./needs-trust.ts";
import { mentionedRoles } from "./pre-check/mentioned-roles.ts";
import { missingFeatures } from "./pre-check/version-features.ts";

/** Enough to keep a search that begins anew at each sign busy for minutes; this suite's patience is a minute. */
const BYTES = 200_000;

const full = (piece: string): string => piece.repeat(Math.floor(BYTES / piece.length));

/** Beginnings without an end, or with one that is not the wanted one, of all that is looked for in definitions. */
const pieces = [
  "COPY ",
  "COPY x FROM ",
  "FROM ",
  "FROM\t",
  "CREATE ",
  "CREATE USER ",
  "LANGUAGE ",
  "SECURITY ",
  "\n",
  "\n ",
  " ",
  ";\n",
  "\n;x",
  '"',
  '""x',
  "'",
  "''x",
  "E'\\",
  "$$",
  "$a$ $b$ ",
  "(",
  ")",
  "--",
  "/*",
  "\0",

  " GENERATED ALWAYS AS (",
  " GENERATED ALWAYS AS ()",
  ") NOT NULL",
  "\n BEGIN ",
  "ALTER ROLE ",
  "TO ",
  "FOR ROLE ",
  "LARGE OBJECT ",
  "LARGE OBJECT 1 ",
  "LARGE OBJECT 1;",
  "GRANT ALL ON LARGE OBJECT 1 TO a;\n",
];
const texts = pieces.flatMap((piece) => [full(piece), `${full(piece)}x"`]);
// A tag of its own each time, none of them closed.
texts.push(Array.from({ length: BYTES / 10 }, (_, i) => `$t${i}$ `).join(""));

const types = ["ACL", "TABLE", "FUNCTION"];

const acl = (definition: string): TocEntry => sampleEntry({ dumpId: 7, desc: "ACL", definition });

test("what is looked for in a hostile definition is found, or not, in time that grows with its length", () => {
  for (const [index, text] of texts.entries()) {
    const named = `text ${index}, ${JSON.stringify(text.slice(0, 30))}`;
    expect(Array.isArray(trustReasons(text)), named).toBe(true);
    for (const desc of types) {
      const entry = sampleEntry({ dumpId: 1, desc, definition: text, owner: "o", drop: `DROP FUNCTION ${text}` });
      const selected = [{ entry, parts: { definition: true, data: false } }] as unknown as Parameters<
        typeof missingFeatures
      >[0];
      expect(missingFeatures(selected, 10).length, named).toBeLessThanOrEqual(20);
      expect(mentionedRoles(selected, false, (name) => name).owners.size, named).toBeLessThanOrEqual(1);
    }
    const routine = sampleEntry({ dumpId: 1, desc: "FUNCTION", drop: `DROP FUNCTION ${text}x`, owner: "o" });
    expect(ownedObject(routine), named).toMatch(/^FUNCTION /);
  }
});

test("privileges of large objects are cut into commands, and anything else is refused", () => {
  const two = 'GRANT ALL ON LARGE OBJECT 1 TO "a;""b LARGE OBJECT 5";\nREVOKE ALL ON LARGE OBJECT 1 FROM c;\n';
  expect(privilegesOfLargeObject(acl(two), "42")).toBe(
    'GRANT ALL ON LARGE OBJECT 42 TO "a;""b LARGE OBJECT 5";\nREVOKE ALL ON LARGE OBJECT 42 FROM c;\n',
  );
  const granted =
    'SET SESSION AUTHORIZATION "a;""b";\nGRANT ALL ON LARGE OBJECT 1 TO c;\nRESET SESSION AUTHORIZATION;\n';
  expect(privilegesOfLargeObject(acl(granted), "42")).toBe(granted.replace("OBJECT 1", "OBJECT 42"));
  for (const text of ["SET SESSION AUTHORIZATION a, b;", "RESET ALL;"]) {
    expect(() => privilegesOfLargeObject(acl(text), "42"), text).toThrow("does not list large objects");
  }
  for (const text of [";", "GRANT ALL ON LARGE OBJECT 1 TO a", 'GRANT ALL ON LARGE OBJECT 1 TO "a;', "DROP TABLE t;"]) {
    expect(() => privilegesOfLargeObject(acl(text), "42"), text).toThrow("does not list large objects");
  }
  for (const text of texts) {
    try {
      expect(privilegesOfLargeObject(acl(text), "42").length).toBeGreaterThanOrEqual(0);
    } catch (error) {
      expect(`${error}`).toContain("does not list large objects");
    }
  }
});
