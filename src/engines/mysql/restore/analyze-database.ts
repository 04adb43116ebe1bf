import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import { shownText } from "../../../wire/net/shown-text.ts";
import { ofDatabase } from "../objects/of-database.ts";
import { quoteName } from "../quote.ts";

/** Collects what the optimizer knows of each table. Answers warnings: what fails here changes nothing that was restored. */
export async function analyzeDatabase(connection: MysqlConnection, database: string): Promise<string[]> {
  const warnings: string[] = [];
  const tables = await connection.rows(
    `SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE ${ofDatabase("TABLE_SCHEMA", database)} AND TABLE_TYPE = 'BASE TABLE'`,
  );
  for (const { name } of tables) {
    const table = `${quoteName(database)}.${quoteName(name ?? "")}`;
    const rows = await connection.rows(`ANALYZE NO_WRITE_TO_BINLOG TABLE ${table}`);
    const error = rows.find(({ Msg_type: type }) => type?.toLowerCase() === "error");
    if (error !== undefined) warnings.push(`table "${name}" was not analysed: ${shownText(error.Msg_text ?? "")}`);
  }
  return warnings;
}
