import { copyFileSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DirectoryIndex, DirectoryKind } from "../../src/engines/mysql/directory/directory-index.ts";
import { dbbackupHere, mustDbbackupHere } from "../helpers/dbbackup-here.ts";
import { newKeyFile } from "../helpers/key-file.ts";
import { type MysqlDatabase, withMysqlDatabase } from "../helpers/mysql-database.ts";
import type { MysqlFlavour } from "../helpers/mysql-packages.ts";
import { mysqlUrl } from "../helpers/mysql-server.ts";
import { sharedMysql } from "../helpers/mysql-shared-servers.ts";
import { withTemporaryFolder } from "../helpers/temporary-folder.ts";

const numbers = (count: number): string =>
  `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) SELECT`;

const definitions = [
  "CREATE TABLE countries (id INT PRIMARY KEY, name VARCHAR(64))",
  "CREATE TABLE customers (id INT AUTO_INCREMENT PRIMARY KEY, country INT, note TEXT, KEY k (note(10)), CONSTRAINT of_country FOREIGN KEY (country) REFERENCES countries (id))",
  "CREATE TABLE orders (id INT PRIMARY KEY, customer INT, first INT, amount INT, CONSTRAINT of_customer FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE, CONSTRAINT of_first FOREIGN KEY (first) REFERENCES orders (id))",
  "CREATE TABLE items (n INT PRIMARY KEY, ord INT, buyer INT, CONSTRAINT of_order FOREIGN KEY (ord) REFERENCES orders (id), CONSTRAINT of_buyer FOREIGN KEY (buyer) REFERENCES customers (id))",
  "CREATE TABLE later (id INT PRIMARY KEY, customer INT, CONSTRAINT later_customer FOREIGN KEY (customer) REFERENCES customers (id))",
  `INSERT INTO countries ${numbers(50)} i, SHA2(i, 256) FROM n`,
  `INSERT INTO customers ${numbers(900)} i, i % 50 + 1, SHA2(i, 512) FROM n`,
  `INSERT INTO orders ${numbers(900)} i, i, 1, i * 3 FROM n`,
  `INSERT INTO items ${numbers(900)} i, i, i FROM n`,
  "CREATE VIEW noted AS SELECT note FROM customers",
  "CREATE VIEW noted_again AS SELECT note FROM noted",
  "CREATE VIEW totals AS SELECT customer, SUM(amount) s FROM orders GROUP BY customer",
  "CREATE TRIGGER on_customer BEFORE INSERT ON customers FOR EACH ROW SET NEW.note = UPPER(NEW.note)",
  "CREATE TRIGGER on_order BEFORE INSERT ON orders FOR EACH ROW SET NEW.amount = (SELECT COUNT(*) FROM customers)",
  "CREATE PROCEDURE read_customers() SELECT COUNT(*) FROM customers",
  "CREATE FUNCTION twice(x INT) RETURNS INT DETERMINISTIC RETURN x * 2",
  "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM customers WHERE id < 0",
];
const definitionsOfMariadb = [
  "CREATE SEQUENCE numbers START WITH 7",
  "CREATE TABLE tickets (id BIGINT NOT NULL DEFAULT nextval(numbers) PRIMARY KEY, t VARCHAR(40) COMMENT 'a, b')",
  "INSERT INTO tickets (t) VALUES ('a'), ('b'), ('c')",
];

/** Rows of the tables that no test damages by itself. */
const rowsOf: Readonly<Record<string, string>> = {
  countries: "SELECT * FROM countries ORDER BY id",
  customers: "SELECT * FROM customers ORDER BY id",
  orders: "SELECT * FROM orders ORDER BY id",
  items: "SELECT * FROM items ORDER BY n",
};

async function keysOf({ sql, name }: MysqlDatabase): Promise<string[]> {
  const keys = await sql(
    `SELECT CONSTRAINT_NAME AS k FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = '${name}' ORDER BY 1`,
  );
  return keys.map(({ k }) => k!);
}

async function namesOf({ sql, name }: MysqlDatabase): Promise<string[]> {
  const names = await sql(
    `SELECT TABLE_NAME AS n FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${name}' UNION ALL SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '${name}' UNION ALL SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = '${name}' UNION ALL SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '${name}' ORDER BY 1`,
  );
  return names.map(({ n }) => n!);
}

async function contentsOf({ sql }: MysqlDatabase, names = Object.keys(rowsOf)): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const name of names) found[name] = await sql(rowsOf[name]!);
  return found;
}

type Damage = (path: string) => void;

const flip: Damage = (path) => {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 4;
  writeFileSync(path, bytes);
};
const cut: Damage = (path) => truncateSync(path, readFileSync(path).length - 20);
const remove: Damage = (path) => rmSync(path);

interface Salvaged {
  readonly status: number | null;
  readonly stderr: string;
  readonly salvage: {
    readonly tables: number;
    readonly wholeTables: number;
    readonly empty: readonly string[];
    readonly changed: readonly string[];
  };
}

/** Backups in directory format with parts that are damaged: what is whole of them comes back, and the rest is told. */
export function mysqlSalvageSuite(flavour: MysqlFlavour): void {
  describe(`on ${flavour}`, () => {
    const isMariadb = flavour.startsWith("mariadb");
    const tables = isMariadb ? 6 : 5;
    let folder: Awaited<ReturnType<typeof withTemporaryFolder>>;
    let source: MysqlDatabase;
    let key: string;
    let index: DirectoryIndex;
    let before: Record<string, unknown>;

    beforeAll(async () => {
      folder = await withTemporaryFolder();
      key = newKeyFile(join(folder.path, "key"));
      source = await withMysqlDatabase(await sharedMysql(flavour));
      for (const text of [...definitions, ...(isMariadb ? definitionsOfMariadb : [])]) await source.sql(text);
      const backup = [
        "backup",
        "single",
        source.name,
        "--url",
        source.url,
        "--format",
        "directory",
        "--chunk-size",
        "16K",
      ];
      await mustDbbackupHere([...backup, "--output", join(folder.path, "plain")]);
      await mustDbbackupHere([...backup, "--output", join(folder.path, "encrypted"), "--encrypt", "--key-file", key]);
      index = JSON.parse(readFileSync(join(folder.path, "plain", "index.json"), "utf8"));
      expect(index.objects.find(({ name }) => name === "customers")!.data!.chunks.length).toBeGreaterThan(2);
      before = await contentsOf(source);
    });

    afterAll(async () => {
      await source[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    });

    const wholeRows = (...without: readonly string[]): Record<string, unknown> =>
      Object.fromEntries(Object.entries(before).filter(([name]) => !without.includes(name)));

    const rowsFile = (name: string): string =>
      index.objects.find((object) => object.kind === "table" && object.name === name)!.data!.chunks.at(-1)!.file;
    const scriptFile = (kind: DirectoryKind, name: string): string =>
      index.objects.find((object) => object.kind === kind && object.name === name)!.schema!.file;

    /** Damages files of a backup, and puts them back at the end. */
    function damaged(backup: string, changes: Readonly<Record<string, Damage>>): Disposable {
      const path = join(folder.path, backup);
      const kept = join(folder.path, "kept");
      const undo: (() => void)[] = [];
      for (const [place, [start, damage]] of Object.entries(changes).entries()) {
        const file = join(path, readdirSync(path).find((name) => name.startsWith(start))!);
        copyFileSync(file, `${kept}${place}`);
        undo.push(() => copyFileSync(`${kept}${place}`, file));
        damage(file);
      }
      return { [Symbol.dispose]: () => void undo.map((one) => one()) };
    }

    function restoring(target: MysqlDatabase, backup: string, more: readonly string[]): string[] {
      const keyed = backup === "encrypted" ? ["--key-file", key] : [];
      const url = ["--url", mysqlUrl(target.server), "--target", target.name];
      return ["restore", "single", join(folder.path, backup), ...keyed, ...url, ...more];
    }

    async function salvaged(target: MysqlDatabase, backup: string, ...more: readonly string[]): Promise<Salvaged> {
      const asked = restoring(target, backup, ["--salvage", "--json", ...more]);
      const { status, stdout, stderr } = await dbbackupHere(asked);
      const text = stdout.toString();
      return { status, stderr: stderr.toString(), salvage: text === "" ? {} : JSON.parse(text).salvage };
    }

    const emptyCustomers = [
      'foreign key orders of_customer: left out, since "customers" lacks rows',
      'foreign key items of_buyer: left out, since "customers" lacks rows',
    ];

    test.each(["plain", "encrypted"])(
      "%s: a table with damaged rows stays empty, and all else is there",
      async (how) => {
        using _ = damaged(how, { [rowsFile("customers")]: flip });
        await using target = await withMysqlDatabase(source.server);
        const refused = await dbbackupHere(restoring(target, how, []));
        expect([refused.status, refused.stderr.toString()]).toEqual([1, expect.stringContaining("--salvage")]);
        const names = await namesOf(source);
        await using second = await withMysqlDatabase(source.server);
        const { status, salvage, stderr } = await salvaged(second, how);
        expect([status, stderr]).toEqual([3, expect.any(String)]);
        expect(salvage).toMatchObject({ tables, wholeTables: tables - 1, empty: ["customers"] });
        expect(salvage.changed.toSorted()).toEqual(emptyCustomers.toSorted());
        expect(await contentsOf(second)).toEqual({ ...before, customers: [] });
        // Those from tables without rows stay: nothing of them leads anywhere.
        expect(await keysOf(second)).toEqual(["later_customer", "of_country", "of_first", "of_order"]);
        expect(await namesOf(second)).toEqual(names);
      },
    );

    test("a file that is cut, and one that is lost, take their tables with them", async () => {
      using _ = damaged("plain", { [rowsFile("orders")]: cut, [rowsFile("items")]: remove });
      await using target = await withMysqlDatabase(source.server);
      const { status, salvage } = await salvaged(target, "plain");
      expect([status, salvage]).toMatchObject([
        3,
        { wholeTables: tables - 2, empty: ["items", "orders"], changed: [] },
      ]);
      expect(await contentsOf(target)).toEqual({ ...before, orders: [], items: [] });
      expect(await keysOf(target)).toEqual(await keysOf(source));
    });

    test("a table whose definition is damaged takes its rows, triggers, views and the keys to it with it", async () => {
      using _ = damaged("plain", { [scriptFile("table", "customers")]: flip });
      await using target = await withMysqlDatabase(source.server);
      const planned = await salvaged(target, "plain", "--dry-run");
      expect(planned.status).toBe(0);
      expect(planned.salvage.changed).toContain("table customers: left out, since its definition is damaged");
      const { status, salvage } = await salvaged(target, "plain");
      expect([status, salvage]).toMatchObject([3, { wholeTables: tables - 1, empty: [] }]);
      for (const line of [
        "table customers: left out, since its definition is damaged",
        'trigger on_customer: left out, since table "customers" is left out',
        'foreign key orders of_customer: left out, since "customers" is left out',
        'foreign key items of_buyer: left out, since "customers" is left out',
        'foreign key later later_customer: left out, since "customers" is left out',
        expect.stringMatching(/^view noted: left out, since the server refuses it .* error 1146 /),
        expect.stringMatching(/^view noted_again: left out, since the server refuses it .* error 1146 /),
      ]) {
        expect(salvage.changed).toContainEqual(line);
      }
      expect(salvage.changed).toHaveLength(7);
      expect(await contentsOf(target, ["countries", "orders", "items"])).toEqual(wholeRows("customers"));
      expect(await keysOf(target)).toEqual(["of_first", "of_order"]);
      const gone = new Set(["customers", "on_customer", "noted", "noted_again"]);
      expect(await namesOf(target)).toEqual((await namesOf(source)).filter((name) => !gone.has(name)));
    });

    test("damaged views, triggers and routines are left out, and their tables are not", async () => {
      using _ = damaged("plain", {
        [scriptFile("view", "noted")]: flip,
        [scriptFile("trigger", "on_order")]: cut,
        [scriptFile("procedure", "read_customers")]: remove,
        [scriptFile("event", "nightly")]: flip,
      });
      await using target = await withMysqlDatabase(source.server);
      const { status, salvage } = await salvaged(target, "plain");
      expect([status, salvage]).toMatchObject([3, { wholeTables: tables, empty: [] }]);
      for (const what of ["view noted", "trigger on_order", "procedure read_customers", "event nightly"]) {
        expect(salvage.changed).toContain(`${what}: left out, since its definition is damaged`);
      }
      expect(salvage.changed).toContainEqual(expect.stringMatching(/^view noted_again: left out, since the server/));
      expect(salvage.changed).toHaveLength(5);
      expect(await contentsOf(target)).toEqual(before);
      expect(await keysOf(target)).toEqual(await keysOf(source));
      const gone = new Set(["noted", "noted_again", "on_order", "read_customers", "nightly"]);
      expect(await namesOf(target)).toEqual((await namesOf(source)).filter((name) => !gone.has(name)));
    });

    test.runIf(isMariadb)("a table is made without the default of a sequence that is damaged", async () => {
      using _ = damaged("plain", { [scriptFile("sequence", "numbers")]: flip });
      await using target = await withMysqlDatabase(source.server);
      const { status, salvage, stderr } = await salvaged(target, "plain");
      expect([status, stderr]).toEqual([3, expect.any(String)]);
      expect(salvage.changed).toEqual([
        "sequence numbers: left out, since its definition is damaged",
        'column tickets id: without its default, since sequence "numbers" is left out',
      ]);
      expect(await target.sql("SELECT * FROM tickets")).toEqual(await source.sql("SELECT * FROM tickets"));
      expect(await contentsOf(target)).toEqual(before);
    });

    test("of chosen tables what is whole is restored, and rows come into tables that are there", async () => {
      using _ = damaged("plain", { [rowsFile("customers")]: flip });
      await using target = await withMysqlDatabase(source.server);
      const chosen = await salvaged(target, "plain", "--table", "orders", "--table", "countries");
      expect([chosen.status, chosen.salvage]).toMatchObject([3, { empty: [], changed: [] }]);
      expect(await contentsOf(target, ["countries", "orders"])).toEqual(wholeRows("customers", "items"));
      await using second = await withMysqlDatabase(source.server);
      expect((await salvaged(second, "plain", "--schema-only")).salvage).toMatchObject({ empty: [], changed: [] });
      expect(await keysOf(second)).toEqual(await keysOf(source));
      await second.sql("DROP TRIGGER on_order");
      await second.sql("DROP TRIGGER on_customer");
      const rows = await salvaged(second, "plain", "--data-only", "--confirm");
      expect([rows.status, rows.salvage]).toMatchObject([3, { empty: ["customers"] }]);
      expect(rows.salvage.changed.toSorted()).toEqual(
        emptyCustomers.map((line) => line.replace("left out", "not checked")).toSorted(),
      );
      expect(await contentsOf(second)).toEqual({ ...before, customers: [] });
    });

    test("a backup that is whole is restored as without --salvage", async () => {
      await using target = await withMysqlDatabase(source.server);
      const { status, stdout } = await mustDbbackupHere(restoring(target, "plain", ["--salvage"]));
      expect(status).toBe(0);
      expect(stdout.toString()).not.toContain("salvaged");
      expect(await contentsOf(target)).toEqual(before);
      expect(await keysOf(target)).toEqual(await keysOf(source));
    });

    test("with a damaged index, or metadata that are damaged, nothing is restored, and nothing is touched", async () => {
      await using target = await withMysqlDatabase(source.server);
      for (const [backup, damage] of [
        ["plain", flip],
        ["plain", cut],
        ["plain", remove],
        ["encrypted", flip],
      ] as const) {
        using _ = damaged(backup, { "index.json": damage });
        const { status, stderr } = await salvaged(target, backup);
        expect([status, stderr]).toEqual([1, expect.stringMatching(/index|nothing can be salvaged/)]);
      }
      const metadata = join(folder.path, "plain.meta.json");
      const whole = readFileSync(metadata);
      flip(metadata);
      const { status, stderr } = await salvaged(target, "plain");
      writeFileSync(metadata, whole);
      expect([status, stderr]).toEqual([1, expect.stringContaining("meta.json")]);
      expect(await namesOf(target)).toEqual([]);
    });

    test("a changed digit of the index is no damage that can be salvaged", async () => {
      const path = join(folder.path, "plain", "index.json");
      const whole = readFileSync(path, "utf8");
      writeFileSync(path, whole.replace('"customers"', '"customerz"'));
      await using target = await withMysqlDatabase(source.server);
      const { status, stderr } = await salvaged(target, "plain");
      writeFileSync(path, whole);
      expect([status, stderr]).toEqual([1, expect.stringContaining("nothing can be salvaged")]);
      expect(await namesOf(target)).toEqual([]);
    });

    test("people read what is empty and what is otherwise", async () => {
      using _ = damaged("plain", { [rowsFile("customers")]: flip });
      await using target = await withMysqlDatabase(source.server);
      const { status, stdout } = await dbbackupHere(restoring(target, "plain", ["--salvage"]));
      expect(status).toBe(3);
      const said = stdout.toString();
      expect(said).toContain("is restored as far as the backup is whole\n");
      expect(said).toContain(`salvaged  ${tables - 1} of ${tables} tables can be read whole\n`);
      expect(said).toContain("empty     table customers: its rows are damaged\n");
      expect(said).toContain('changed   foreign key orders of_customer: left out, since "customers" lacks rows\n');
    });
  });
}
