import type { MysqlConnection } from "../../src/wire/mysql/connection.ts";

/** How much there is to be made. */
export interface MysqlSizes {
  /** Of rows, as INSERT statements hold them. */
  readonly megabytes: number;
  readonly tables: number;
}

/** A database that something is measured on, named like it. The same each time. */
export interface MysqlWorkload {
  readonly name: string;
  describe(sizes: MysqlSizes): string;
  make(connection: MysqlConnection, sizes: MysqlSizes): Promise<void>;
}

/** Rows are made by doubling a table of numbers, which every server can. */
async function makeNumbers(connection: MysqlConnection, count: number): Promise<void> {
  await connection.query("CREATE TABLE numbers (n INT UNSIGNED AUTO_INCREMENT PRIMARY KEY)");
  await connection.query("INSERT INTO numbers VALUES (1)");
  for (let made = 1; made < count; made *= 2) {
    const added = Math.min(made, count - made);
    await connection.query(`INSERT INTO numbers SELECT n + ${made} FROM numbers WHERE n <= ${added}`);
  }
}

function ofRows(name: string, bytesPerRow: number, statements: readonly string[]): MysqlWorkload {
  return {
    name,
    describe: ({ megabytes }) => `${megabytes} MB of rows`,
    async make(connection, { megabytes }) {
      await makeNumbers(connection, Math.ceil((megabytes * 1e6) / bytesPerRow));
      for (const statement of statements) await connection.query(statement);
      await connection.query("DROP TABLE numbers");
    },
  };
}

/** Hashes, JSON text and times: much text, few numbers. */
const events = ofRows("events", 246, [
  `CREATE TABLE events (id BIGINT PRIMARY KEY, digest CHAR(64) NOT NULL, payload TEXT NOT NULL, created DATETIME NOT NULL)
   CHARACTER SET utf8mb4`,
  `INSERT INTO events SELECT n, SHA2(n, 256),
     CONCAT('{"user": "user', n * 7919 % 50000, '", "kind": "order", "amount": ', n * 31 % 100000 / 100, ', "session": "',
       LEFT(SHA2(n DIV 3, 224), 32), '", "tags": ["t', n % 11, '", "t', n % 13, '"]}'),
     '2024-01-01' + INTERVAL n * 17 DIV 10 SECOND FROM numbers`,
]);

const measures = ofRows("measures", 75, [
  `CREATE TABLE measures (id BIGINT PRIMARY KEY, device INT, metric SMALLINT, value INT, low DECIMAL(12,3), high DOUBLE,
     total BIGINT, at INT UNSIGNED)`,
  `INSERT INTO measures SELECT n, n DIV 50 % 20000, n % 50, n * 7919 % 1000000, n * 31 % 10000 / 7, n * 1.1e0 / 3e0,
     n * 1000003, 1700000000 + n DIV 50 FROM numbers`,
]);

/** Rows of which three indexes are kept beside the primary key; for loading. */
const keyed = ofRows("keyed", 75, [
  `CREATE TABLE keyed (id BIGINT PRIMARY KEY, device INT, code CHAR(12) NOT NULL, value INT, total BIGINT,
     KEY by_device (device, value), KEY by_value (value), UNIQUE KEY by_code (code))`,
  `INSERT INTO keyed SELECT n, n DIV 50 % 20000, LPAD(CONV(n * 7919 % 1000000007, 10, 36), 12, 'k'), n * 7919 % 1000000,
     n * 1000003 FROM numbers`,
]);

const tables: MysqlWorkload = {
  name: "tables",
  describe: (sizes) => `${sizes.tables} empty tables`,
  async make(connection, sizes) {
    for (let table = 0; table < sizes.tables; table++) {
      await connection.query(
        `CREATE TABLE t${table} (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100), KEY (name))`,
      );
    }
  },
};

/** As `tables`, with something in each. */
const small: MysqlWorkload = {
  name: "small",
  describe: (sizes) => `${sizes.tables} tables of 5 rows`,
  async make(connection, sizes) {
    await tables.make(connection, sizes);
    for (let table = 0; table < sizes.tables; table++) {
      await connection.query(`INSERT INTO t${table} (name) VALUES ('a'), ('b'), ('c'), (NULL), ('${table}')`);
    }
  },
};

export const mysqlWorkloads: readonly MysqlWorkload[] = [events, measures, keyed, tables, small];
