import { Dice } from "./random-schema/dice.ts";
import { quoteIdentifier } from "./test-database.ts";

/** A type of keys, and the value of row `i` in it. */
interface KeyType {
  readonly type: string;
  /** What refers to it may have another type. */
  readonly referring: readonly string[];
  value(row: number): string;
}

const keyTypes: readonly KeyType[] = [
  { type: "int", referring: ["int", "bigint", "smallint"], value: String },
  { type: "bigint", referring: ["bigint", "int"], value: String },
  { type: "numeric", referring: ["numeric", "int"], value: String },
  { type: "text", referring: ["text", "varchar(60)"], value: (row) => `'key ${row} "\\'` },
  { type: "varchar", referring: ["text", "varchar"], value: (row) => `'${"k".repeat(row % 5)}${row}'` },
  { type: "uuid", referring: ["uuid"], value: (row) => `'00000000-0000-4000-8000-${`${row}`.padStart(12, "0")}'` },
  { type: "date", referring: ["date"], value: (row) => `'${new Date(row * 86_400_000).toISOString().slice(0, 10)}'` },
  { type: "int[]", referring: ["int[]"], value: (row) => `'{${row},NULL}'` },
];

interface RandomTable {
  readonly name: string;
  readonly rows: number;
  readonly key: readonly KeyType[];
  readonly partitions: "HASH" | "RANGE" | undefined;
}

const mostTables = 12;
const mostRows = 400;
const names = ["t", 'we"ird', "Order by", "x'y", "ünï", "a.b"];

/**
 * Tables with rows whose foreign keys are drawn at random: circles, self-references, keys of several columns, partitions on
 * both sides, nulls. As statements.
 */
export function randomReferences(seed: number, major: number): string[] {
  const dice = new Dice(seed);
  const tables = Array.from({ length: 2 + dice.number(mostTables - 1) }, (_, index) => randomTable(dice, index, major));
  const keys = tables.flatMap((table) =>
    Array.from({ length: dice.number(4) }, (_, index) => randomReference(dice, table, dice.pick(tables), index)),
  );
  return [
    ...tables.flatMap((table) => [createTable(dice, table), ...partitionsOf(dice, table, major)]),
    ...keys.map(({ column }) => column),
    ...tables.flatMap((table) =>
      insertRows(
        dice,
        table,
        keys.filter((key) => key.from === table),
      ),
    ),
    ...keys.map(({ constraint }) => constraint),
  ];
}

function randomTable(dice: Dice, index: number, major: number): RandomTable {
  return {
    name: `${dice.pick(names)} ${index}`,
    rows: dice.once(6) ? dice.number(3) : dice.number(mostRows),
    key: Array.from({ length: dice.once(3) ? 1 + dice.number(3) : 1 }, () => dice.pick(keyTypes)),
    partitions: major >= 12 && dice.once(4) ? dice.pick(["HASH", "RANGE"] as const) : undefined,
  };
}

const keyColumns = ({ key }: RandomTable): string => key.map((_, index) => `k${index}`).join(", ");

function createTable(dice: Dice, table: RandomTable): string {
  const columns = table.key.map(({ type }, index) => `k${index} ${type} NOT NULL`);
  const kind = dice.pick(["PRIMARY KEY", "UNIQUE"]);
  const by = table.partitions === undefined ? "" : ` PARTITION BY ${table.partitions} (k0)`;
  return `CREATE TABLE ${quoteIdentifier(table.name)} (dropped int, ${columns.join(", ")}, filler text, ${kind} (${keyColumns(table)}))${by}`;
}

function partitionsOf(dice: Dice, { name, partitions, key, rows }: RandomTable, major: number): string[] {
  const table = quoteIdentifier(name);
  const drop = `ALTER TABLE ${table} DROP COLUMN dropped`;
  if (partitions === undefined) return [drop];
  const part = (index: number): string => `CREATE TABLE ${quoteIdentifier(`${name} p${index}`)} PARTITION OF ${table}`;
  const count = 1 + dice.number(3);
  const hashed = (_: unknown, index: number): string =>
    `${part(index)} FOR VALUES WITH (MODULUS ${count}, REMAINDER ${index})`;
  const middle = key[0]!.value(1 + (rows >> 1));
  return [
    drop,
    ...(partitions === "HASH"
      ? Array.from({ length: count }, hashed)
      : [`${part(0)} FOR VALUES FROM (MINVALUE) TO (${middle})`, `${part(1)} DEFAULT`]),
    ...(major >= 14 && dice.once(2) ? [`ALTER TABLE ${table} ADD COLUMN later int DEFAULT 7`] : []),
  ];
}

interface RandomReference {
  readonly from: RandomTable;
  readonly to: RandomTable;
  readonly names: readonly string[];
  readonly isFull: boolean;
  readonly mayBeNull: boolean;
  readonly column: string;
  readonly constraint: string;
}

function randomReference(dice: Dice, from: RandomTable, to: RandomTable, index: number): RandomReference {
  const table = quoteIdentifier(from.name);
  const columns = to.key.map((_, at) => quoteIdentifier(`r"${index} ${at}`));
  const types = to.key.map(({ referring }) => dice.pick(referring));
  const isFull = dice.once(3);
  const deferred = dice.maybe(3, " DEFERRABLE INITIALLY DEFERRED");
  return {
    from,
    to,
    names: columns,
    isFull,
    mayBeNull: to.rows === 0 || dice.once(2),
    column: `ALTER TABLE ${table} ${columns.map((column, at) => `ADD COLUMN ${column} ${types[at]}`).join(", ")}`,
    constraint:
      `ALTER TABLE ${table} ADD FOREIGN KEY (${columns.join(", ")}) REFERENCES ${quoteIdentifier(to.name)} (${keyColumns(to)})` +
      `${isFull ? " MATCH FULL" : ""}${deferred}`,
  };
}

function insertRows(dice: Dice, table: RandomTable, references: readonly RandomReference[]): string[] {
  if (table.rows === 0) return [];
  const columns = [keyColumns(table), "filler", ...references.flatMap((reference) => reference.names)];
  const rows = Array.from({ length: table.rows }, (_, row) =>
    [
      ...table.key.map((key) => key.value(row + 1)),
      `repeat('x', ${dice.number(100)})`,
      ...references.flatMap((reference) => referredValues(dice, reference)),
    ].join(", "),
  );
  return [`INSERT INTO ${quoteIdentifier(table.name)} (${columns.join(", ")}) VALUES (${rows.join("), (")})`];
}

/** Values of one of the rows that it refers to; or nulls, as many as the key allows. */
function referredValues(dice: Dice, { to, isFull, mayBeNull }: RandomReference): string[] {
  const row = 1 + dice.number(Math.max(1, to.rows));
  const isNull = to.rows === 0 || (mayBeNull && dice.once(4));
  return to.key.map((key, at) => (isNull && (isFull || at === 0 || dice.once(2)) ? "NULL" : key.value(row)));
}
