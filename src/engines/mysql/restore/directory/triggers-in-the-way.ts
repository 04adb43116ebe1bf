import type { Finding } from "../../../../ports/restore.ts";
import type { MysqlConnection } from "../../../../wire/mysql/connection.ts";
import type { DirectoryObject } from "../../directory/directory-index.ts";
import { namesAsKept } from "../../objects/names-as-kept.ts";
import { quoteText } from "../../quote.ts";

/** No server can switch triggers off: they would work on the rows that come in. */
export async function triggersInTheWay(
  connection: MysqlConnection,
  target: string,
  loaded: readonly DirectoryObject[],
): Promise<Finding[]> {
  const asKept = await namesAsKept(connection);
  const names = new Set(loaded.map(({ name }) => asKept(name)));
  const rows = await connection.rows(
    `SELECT TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS tableName FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ${quoteText(target)} AND EVENT_MANIPULATION = 'INSERT'`,
  );
  const found = rows.find(({ tableName }) => names.has(asKept(tableName ?? "")));
  if (found === undefined) return [];
  return [
    {
      code: "server-setting",
      severity: "error",
      subject: found.name ?? "",
      message: `trigger "${found.name}" of table "${found.tableName}" in database "${target}" would change rows while they are loaded`,
      solution: "drop it and create it again behind the restore, or restore into another database with --target",
    },
  ];
}
