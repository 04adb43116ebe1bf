import { expect, test } from "vitest";
import { sampleEntry } from "../../../../tests/helpers/archive-samples.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import { inTwoSteps } from "./two-steps.ts";

const orders = sampleEntry({ dumpId: 1, desc: "TABLE", namespace: "app", tag: "orders", definition: "CREATE TABLE" });
const odd = sampleEntry({ dumpId: 2, desc: "TABLE", namespace: "App", tag: 'o "d"', definition: "CREATE TABLE" });
const parted = sampleEntry({
  dumpId: 3,
  desc: "TABLE",
  namespace: "app",
  tag: "parted",
  definition: "CREATE TABLE app.parted (\n    id integer NOT NULL\n)\nPARTITION BY RANGE (id);\n",
});
const tables = new Map([orders, odd, parted].map((table) => [table.dumpId, table]));

function steps(desc: "CONSTRAINT" | "FK CONSTRAINT", definition: string, dependencies = [1, 2, 3]) {
  const entry: TocEntry = sampleEntry({ dumpId: 9, desc, definition, dependencies });
  return inTwoSteps(entry, (id) => tables.get(id));
}

test("a primary key: its index, then the key, and what belongs to it", () => {
  const rest = "\nALTER TABLE app.orders CLUSTER ON orders_pkey;\n";
  expect(
    steps("CONSTRAINT", `ALTER TABLE ONLY app.orders\n    ADD CONSTRAINT orders_pkey PRIMARY KEY (id, "Nr");\n${rest}`),
  ).toEqual({
    first: {
      sql: 'CREATE UNIQUE INDEX orders_pkey ON app.orders USING btree (id, "Nr");\n',
      locks: new Map([[1, "share"]]),
    },
    second: {
      sql: `ALTER TABLE ONLY app.orders\n    ADD CONSTRAINT orders_pkey PRIMARY KEY USING INDEX orders_pkey;\n${rest}`,
      locks: new Map([[1, "access-exclusive"]]),
    },
    long: "first",
    undo: "DROP INDEX IF EXISTS app.orders_pkey",
  });
});

test("a unique constraint with all that it can have, of names that need quotes", () => {
  const definition =
    `ALTER TABLE ONLY "App"."o ""d"""\n    ADD CONSTRAINT "u (1)" UNIQUE NULLS NOT DISTINCT (a, "b, c") ` +
    `INCLUDE (d) WITH (fillfactor='70', deduplicate_items=off);\n`;
  const found = steps("CONSTRAINT", definition);
  expect(found?.first.sql).toBe(
    `CREATE UNIQUE INDEX "u (1)" ON "App"."o ""d""" USING btree (a, "b, c") INCLUDE (d) NULLS NOT DISTINCT ` +
      `WITH (fillfactor='70', deduplicate_items=off);\n`,
  );
  expect(found?.undo).toBe('DROP INDEX IF EXISTS "App"."u (1)"');
});

test("a foreign key: not valid, then validated", () => {
  const body =
    'FOREIGN KEY (a, b) REFERENCES "App"."o ""d"""(x, y) MATCH FULL ON UPDATE CASCADE ON DELETE SET NULL (a) DEFERRABLE INITIALLY DEFERRED';
  expect(steps("FK CONSTRAINT", `ALTER TABLE ONLY app.orders\n    ADD CONSTRAINT f ${body};\n`)).toEqual({
    first: {
      sql: `ALTER TABLE ONLY app.orders\n    ADD CONSTRAINT f ${body} NOT VALID;\n`,
      locks: new Map([
        [1, "share-row-exclusive"],
        [2, "share-row-exclusive"],
      ]),
    },
    second: {
      sql: "ALTER TABLE ONLY app.orders\n    VALIDATE CONSTRAINT f;\n",
      locks: new Map([
        [1, "share-update-exclusive"],
        [2, "row-share"],
      ]),
    },
    long: "second",
    undo: "ALTER TABLE ONLY app.orders\n    DROP CONSTRAINT IF EXISTS f",
  });
});

test("a foreign key of a table to itself locks it as its validation does", () => {
  const found = steps(
    "FK CONSTRAINT",
    "ALTER TABLE ONLY app.orders\n    ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES app.orders(id);\n",
    [1],
  );
  expect(found?.second.locks).toEqual(new Map([[1, "share-update-exclusive"]]));
});

test("names of old archives are not qualified", () => {
  const found = steps("CONSTRAINT", "ALTER TABLE ONLY orders\n    ADD CONSTRAINT p PRIMARY KEY (id);\n");
  expect([found?.first.sql, found?.undo]).toEqual([
    "CREATE UNIQUE INDEX p ON orders USING btree (id);\n",
    "DROP INDEX IF EXISTS p",
  ]);
});

test.each([
  ["deferrable", "ALTER TABLE ONLY app.orders\n    ADD CONSTRAINT p PRIMARY KEY (id) DEFERRABLE;\n"],
  ["temporal", "ALTER TABLE ONLY app.orders\n    ADD CONSTRAINT p PRIMARY KEY (id, at WITHOUT OVERLAPS);\n"],
  ["exclusion", "ALTER TABLE ONLY app.orders\n    ADD CONSTRAINT e EXCLUDE USING gist (c WITH &&);\n"],
  ["of a partitioned table", "ALTER TABLE ONLY app.parted\n    ADD CONSTRAINT p PRIMARY KEY (id);\n"],
  ["of another table", "ALTER TABLE ONLY app.others\n    ADD CONSTRAINT p PRIMARY KEY (id);\n"],
  ["more than one statement", "ALTER TABLE ONLY app.orders\n    ADD CONSTRAINT p PRIMARY KEY (id); SELECT evil();\n"],
  [
    "words in the storage",
    "ALTER TABLE ONLY app.orders\n    ADD CONSTRAINT p UNIQUE (id) WITH (a=1); SELECT 1 WITH (b=1);\n",
  ],
])("a key of another form is left as it is: %s", (_, definition) => {
  expect(steps("CONSTRAINT", definition)).toBeUndefined();
});

test.each([
  [
    "not valid",
    "ALTER TABLE ONLY app.orders\n    ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES app.orders(id) NOT VALID;\n",
  ],
  [
    "not enforced",
    "ALTER TABLE ONLY app.orders\n    ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES app.orders(id) NOT ENFORCED;\n",
  ],
  [
    "of a partitioned table",
    "ALTER TABLE app.parted\n    ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES app.orders(id);\n",
  ],
  [
    "to a partitioned table",
    "ALTER TABLE ONLY app.orders\n    ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES app.parted(id);\n",
  ],
  [
    "temporal",
    "ALTER TABLE ONLY app.orders\n    ADD CONSTRAINT f FOREIGN KEY (a, PERIOD b) REFERENCES app.orders(id, PERIOD c);\n",
  ],
])("a foreign key of another form is left as it is: %s", (_, definition) => {
  expect(steps("FK CONSTRAINT", definition)).toBeUndefined();
});
