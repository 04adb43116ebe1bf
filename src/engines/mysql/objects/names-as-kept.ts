import type { MysqlConnection } from "../../../wire/mysql/connection.ts";

/** How names of tables are compared: a server that ignores capitals may keep them in small letters. */
export async function namesAsKept(connection: MysqlConnection): Promise<(name: string) => string> {
  const [row] = await connection.rows("SELECT @@lower_case_table_names AS setting");
  return namesUnder(row?.setting ?? "0");
}

/** @param setting `lower_case_table_names` */
export function namesUnder(setting: string | undefined): (name: string) => string {
  return setting === "0" ? (name) => name : (name) => name.toLowerCase();
}
