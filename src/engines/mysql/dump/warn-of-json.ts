import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { Relation } from "../objects/read-relations.ts";
import { quoteName } from "../quote.ts";
import type { DumpTelling } from "./dump-telling.ts";
import { losesTypes } from "./json-literal.ts";

/**
 * Says which JSON columns of a table lose types when they are written as text: a look at values until one is found.
 * @param session of a server that can look into them
 */
export async function warnOfJson(session: MysqlConnection, table: Relation, telling: DumpTelling): Promise<void> {
  for (const { name, type, isGenerated } of table.columns) {
    if (type !== "json" || isGenerated) continue;
    const column = `${quoteName(table.name)}.${quoteName(name)}`;
    const sql = `SELECT EXISTS(SELECT 1 FROM ${quoteName(table.name)} WHERE ${losesTypes(column)}) AS found`;
    if ((await session.rows(sql))[0]?.found !== "1") continue;
    telling.warn(
      `JSON of "${table.name}.${name}" holds dates, times, decimals or bytes, which become strings and doubles in format directory; --format sql keeps them, --json-as-text says that it may be so`,
      table.name,
    );
  }
}
