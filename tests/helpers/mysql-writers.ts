import { MysqlConnection } from "../../src/wire/mysql/connection.ts";
import { type MysqlAddress, rootSpec } from "./mysql-server.ts";

/** How many tables hold accounts; what all of them hold together never changes. */
export const accountTables = 20;
const accountsInTable = 5;
const atFirst = 1000;
export const accountTotal = accountTables * accountsInTable * atFirst;

/** Makes the tables `account0` ... and fills them. */
export async function makeAccounts(server: MysqlAddress, database: string): Promise<void> {
  await using connection = await MysqlConnection.connect(rootSpec(server, database));
  for (let table = 0; table < accountTables; table++) {
    await connection.query(`CREATE TABLE account${table} (id INT PRIMARY KEY, amount INT NOT NULL) ENGINE = InnoDB`);
    const rows = Array.from({ length: accountsInTable }, (_, id) => `(${id}, ${atFirst})`);
    await connection.query(`INSERT INTO account${table} VALUES ${rows.join(", ")}`);
  }
}

/** Sessions that move amounts from one table to another, each time in one transaction, until they are disposed of. */
export async function withWriters(
  server: MysqlAddress,
  database: string,
  count: number,
): Promise<AsyncDisposable & { readonly moves: () => number }> {
  const over = new AbortController();
  let moves = 0;
  const connections = await Promise.all(
    Array.from({ length: count }, () => MysqlConnection.connect(rootSpec(server, database))),
  );
  const running = connections.map(async (connection, writer) => {
    for (let turn = 0; !over.signal.aborted; turn++) {
      const from = (turn * 7 + writer * 5) % accountTables;
      const to = (from + 1 + (turn % (accountTables - 1))) % accountTables;
      const id = turn % accountsInTable;
      // In one order, so that they do not block each other for ever.
      const [first, second] = from < to ? [from, to] : [to, from];
      await connection.query("BEGIN");
      await connection.query(
        `UPDATE account${first} SET amount = amount ${first === from ? "-" : "+"} 1 WHERE id = ${id}`,
      );
      await connection.query(
        `UPDATE account${second} SET amount = amount ${second === from ? "-" : "+"} 1 WHERE id = ${id}`,
      );
      await connection.query("COMMIT");
      moves++;
    }
  });
  return {
    moves: () => moves,
    async [Symbol.asyncDispose]() {
      over.abort();
      await Promise.all(running);
      await Promise.all(connections.map((connection) => connection.close()));
    },
  };
}

/** What all accounts hold, when the tables are read by these sessions in turn. */
export async function totalSeenBy(sessions: readonly MysqlConnection[]): Promise<number> {
  let total = 0;
  for (let table = 0; table < accountTables; table++) {
    const [row] = await sessions[table % sessions.length]!.rows(`SELECT SUM(amount) AS amount FROM account${table}`);
    total += Number(row!.amount);
  }
  return total;
}

/** What all accounts hold in the files of a directory that is not compressed. */
export function totalIn(files: ReadonlyMap<string, Buffer>): number {
  const lines = [...files].flatMap(([name, bytes]) =>
    name.endsWith(".tsv") ? bytes.toString().trimEnd().split("\n") : [],
  );
  return lines.reduce((sum, line) => sum + Number(line.split("\t")[1]), 0);
}
