import { expect, test } from "vitest";
import { MysqlServerError } from "../../../wire/mysql/server-error.ts";
import type { DirectoryKind, DirectoryObject } from "../directory/directory-index.ts";
import { FailureLog } from "../restore/failure-log.ts";
import { salvagedChoice } from "./salvaged-choice.ts";
import { SalvagedMaking } from "./salvaged-making.ts";
import type { TableReferences } from "./table-references.ts";

const object = (kind: DirectoryKind, name: string, table?: string): DirectoryObject => ({
  kind,
  name,
  ...(table === undefined ? {} : { table }),
  schema: { file: `00000.${kind}.sql`, bytes: 1, sha256: "" },
  ...(kind === "table"
    ? { data: { columns: [], rows: name === "none" ? 0 : 3, bytes: 9, checksum: "", chunks: [] } }
    : {}),
});

const objects = [
  object("database", "shop"),
  object("table", "Customers"),
  object("table", "orders"),
  object("table", "none"),
  object("stand-in", "seen"),
  object("stand-in", "other"),
  object("package", "p"),
  object("package-body", "p"),
  object("view", "seen"),
  object("view", "other"),
  object("trigger", "t", "Customers"),
  object("statistics", "shop"),
];
const keyTo = (table: string, database?: string): TableReferences => ({
  foreignKeys: [{ name: "k", table, ...(database === undefined ? {} : { database }) }],
  defaults: [],
});

interface Lost {
  readonly lost?: readonly string[];
  readonly rows?: readonly string[];
  readonly references?: Readonly<Record<string, TableReferences>>;
  readonly isMade?: boolean;
}

function choice({ lost = [], rows = [], references = {}, isMade = true }: Lost): ReturnType<typeof salvagedChoice> {
  const isLost = ({ kind, name }: DirectoryObject): boolean => lost.includes(`${kind} ${name}`);
  return salvagedChoice(
    { made: isMade ? objects : [], loaded: objects.filter(({ data }) => data !== undefined), leftOut: new Map() },
    { database: "shop", objects },
    {
      withoutDefinition: new Set(objects.filter((one) => isLost(one))),
      withoutRows: new Set(rows),
      references: new Map(Object.entries(references)),
    },
  );
}

const histogramOf = (table: string): Buffer =>
  Buffer.from(`/*!80031 ANALYZE TABLE \`${table}\` UPDATE HISTOGRAM ON \`a\` USING DATA '{}' */`);
const refusal = (number: number): MysqlServerError =>
  new MysqlServerError({ number, sqlState: "42S02", message: "Table 'x.y' doesn't exist" });

test("what is damaged is left out with what cannot be without it", () => {
  const { chosen, changed, empty } = choice({
    lost: ["database shop", "stand-in other", "view seen", "package p", "table Customers", "statistics shop"],
    rows: ["Customers", "orders"],
  });
  expect(changed).toEqual([
    "defaults of database shop: left out, since their definition is damaged",
    "table Customers: left out, since its definition is damaged",
    "stand-in of view other: left out, since its definition is damaged; the view itself is made",
    "package p: left out, since its definition is damaged",
    'package body p: left out, since package "p" is left out',
    "view seen: left out, since its definition is damaged",
    'trigger t: left out, since table "Customers" is left out',
    "histograms: left out, since their definition is damaged",
  ]);
  expect(chosen.made.map(({ kind, name }) => `${kind} ${name}`)).toEqual(["table orders", "table none", "view other"]);
  // Rows of a table that is not made are not told by themselves.
  expect(empty).toEqual(["orders"]);
  expect(chosen.loaded.map(({ name }) => name)).toEqual(["none"]);
});

test("foreign keys are left out that rows may not hold, and no others", () => {
  const rows = ["Customers"];
  const keys = (references: Record<string, TableReferences>, more: Lost = {}): readonly string[] =>
    choice({ rows, references, ...more }).changed;
  expect(keys({ orders: keyTo("customers") })).toEqual([
    'foreign key orders k: left out, since "customers" lacks rows',
  ]);
  expect(keys({ orders: keyTo("customers", "shop") })).toHaveLength(1);
  expect(keys({ orders: keyTo("customers", "elsewhere") })).toEqual([]);
  expect(keys({ orders: keyTo("none"), Customers: keyTo("orders"), none: keyTo("Customers") })).toEqual([]);
  expect(keys({ Customers: keyTo("Customers") })).toEqual([]);
  expect(keys({ none: keyTo("Customers") }, { lost: ["table Customers"] })).toContain(
    'foreign key none k: left out, since "Customers" is left out',
  );
  expect(keys({ orders: keyTo("Customers"), none: keyTo("Customers") }, { isMade: false })).toEqual([
    'foreign key orders k: not checked, since "Customers" lacks rows',
  ]);
});

test("histograms of tables without their rows are not loaded", () => {
  const making = new SalvagedMaking(choice({ rows: ["Customers"] }));
  const histograms = objects.at(-1)!;
  expect(making.changed(histograms, histogramOf("Customers"))).toBeUndefined();
  expect(making.changed(histograms, histogramOf("orders"))).toEqual(histogramOf("orders"));
});

test("what the server refuses for want of something is a failure only where nothing was left out", () => {
  const statement = { line: 1, head: "CREATE VIEW" };
  const view = objects.find(({ kind, name }) => kind === "view" && name === "other")!;
  const table = objects.find(({ name }) => name === "orders")!;
  const log = new FailureLog("stop");
  const lost = new SalvagedMaking(choice({ lost: ["table Customers"] }));
  const failures = lost.failuresOf(view, log);
  failures.note(refusal(1146), statement);
  expect([failures.count, log.count]).toEqual([1, 0]);
  expect(lost.refused).toEqual([
    "view other: left out, since the server refuses it without what is damaged: error 1146 (42S02): Table 'x.y' doesn't exist",
  ]);
  expect(() => failures.note(refusal(1064), statement)).toThrow("1064");
  expect(() => lost.failuresOf(table, log).note(refusal(1146), statement)).toThrow("1146");
  const empty = new SalvagedMaking(choice({ rows: ["Customers"] }));
  expect(() => empty.failuresOf(view, log).note(refusal(1146), statement)).toThrow("1146");
  expect(empty.refused).toEqual([]);
});
