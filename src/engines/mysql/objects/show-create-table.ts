import { BackupError } from "../../../core/backup-error.ts";
import type { MysqlConnection, Row } from "../../../wire/mysql/connection.ts";
import type { MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import { quoteName, quoteText } from "../quote.ts";
import { ofDatabase } from "./of-database.ts";
import { showCreate } from "./show-create.ts";

/**
 * The statement that makes a table. MariaDB 10.5 and 11.8 (10.11 not) write names of foreign keys and of their columns as
 * they are, also when they hold backticks: that would be no SQL, or other SQL than it should. Such names are quoted here.
 * @throws BackupError as {@link showCreate}, and UNSUPPORTED_OBJECT when such a name is not found where it should be
 */
export async function showCreateTable(
  connection: MysqlConnection,
  database: string,
  name: string,
  { capabilities }: Pick<MysqlServerFacts, "capabilities">,
): Promise<Buffer> {
  const { create } = await showCreate(connection, "TABLE", quoteName(name), `table "${name}"`);
  if (capabilities.quotesForeignKeys || !create.includes("FOREIGN KEY")) return create;
  const rows = await connection.rows(
    `SELECT CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE ${ofDatabase("TABLE_SCHEMA", database)} AND TABLE_NAME = ${quoteText(name)} AND REFERENCED_TABLE_NAME IS NOT NULL ORDER BY CONSTRAINT_NAME, ORDINAL_POSITION`,
  );
  let text = create.toString("latin1");
  for (const key of Map.groupBy(rows, (row) => row.CONSTRAINT_NAME!).values()) {
    const [shown, right] = [foreignKey(database, key, unquoted), foreignKey(database, key, quoteName)];
    if (shown === right || text.includes(right)) continue;
    const parts = text.split(shown);
    if (parts.length !== 2) throw notFound(name, key[0]!.CONSTRAINT_NAME!);
    text = parts.join(right);
  }
  return Buffer.from(text, "latin1");
}

/** The line of a foreign key up to its actions, as a binary string. No string before it can hold a line break. */
function foreignKey(database: string, key: readonly Row[], quote: (name: string) => string): string {
  const [{ CONSTRAINT_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME } = {}] = key;
  const list = (names: readonly (string | null | undefined)[]): string => names.map((name) => quote(name!)).join(", ");
  const schema = REFERENCED_TABLE_SCHEMA === database ? "" : `${quoteName(REFERENCED_TABLE_SCHEMA!)}.`;
  const line =
    `\n  CONSTRAINT ${quote(CONSTRAINT_NAME!)} FOREIGN KEY (${list(key.map(({ COLUMN_NAME }) => COLUMN_NAME))})` +
    ` REFERENCES ${schema}${quoteName(REFERENCED_TABLE_NAME!)} (${list(key.map((row) => row.REFERENCED_COLUMN_NAME))})`;
  return Buffer.from(line).toString("latin1");
}

function unquoted(name: string): string {
  return `\`${name}\``;
}

function notFound(table: string, key: string): BackupError {
  return new BackupError({
    code: "UNSUPPORTED_OBJECT",
    message: `the server shows the foreign key "${key}" of table "${table}" with names that it does not quote, and they cannot be told from the rest`,
    object: table,
    hint: "give the key and its columns names without backticks",
  });
}
