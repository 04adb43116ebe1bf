import { BackupError } from "../../../core/backup-error.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import { quoteText } from "../quote.ts";

/** What objects of a database have where they say nothing of it. */
export interface DatabaseDefaults {
  readonly charset: string;
  readonly collation: string;
}

/** @throws BackupError NOT_FOUND */
export async function readDatabaseDefaults(
  connection: MysqlConnection,
  { variables }: Pick<MysqlServerFacts, "variables">,
  database: string,
): Promise<DatabaseDefaults> {
  const rows = await connection.rows(
    `SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${quoteText(database)}`,
  );
  // Servers compare names without regard to case here, also where names in another case are other databases.
  const isSame = variables.get("lower_case_table_names") !== "0";
  const row = rows.find(({ SCHEMA_NAME }) => SCHEMA_NAME === database) ?? (isSame ? rows[0] : undefined);
  if (row === undefined) {
    throw new BackupError({
      code: "NOT_FOUND",
      message: `there is no database "${database}", or this user may not see it`,
      object: database,
      hint: "check the name; SHOW DATABASES lists those that the user may see",
    });
  }
  return { charset: row.DEFAULT_CHARACTER_SET_NAME!, collation: row.DEFAULT_COLLATION_NAME! };
}
