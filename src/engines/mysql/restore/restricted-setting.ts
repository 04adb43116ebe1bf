import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import { MysqlServerError } from "../../../wire/mysql/server-error.ts";

/** Settings of our scripts that MySQL lets few accounts change, even for their own session. */
const names =
  "innodb_strict_mode|sql_require_primary_key|sql_generate_invisible_primary_key|restrict_fk_on_non_standard_key";
const alone = new RegExp(`^SET SESSION (${names}) = (0|@dbb_\\w+)\\s*(?:\\*/)?$`);
const amongOthers = new RegExp(` ?/\\*!\\d+ , (?:${names}) = 0 \\*/`, "g");
const accessDenied = 1227;

/**
 * Whether a restore can do without a statement that was refused: it was to relax what the server checks. What is refused for
 * that later says so itself; only a primary key that the server adds of its own would come unseen, and is warned of.
 * @param head of the statement, as `headOf` answers it
 */
export async function isRestrictedSetting(
  connection: MysqlConnection,
  error: unknown,
  head: string,
  warn: (message: string) => void,
): Promise<boolean> {
  if (!(error instanceof MysqlServerError) || error.number !== accessDenied) return false;
  const [, name, value] = alone.exec(head) ?? [];
  if (name === undefined) return false;
  if (name !== "sql_generate_invisible_primary_key") return true;
  const [row] = await connection.rows(`SELECT @@SESSION.${name} <=> ${value} AS same`);
  if (row?.same !== "1") {
    warn(noInvisibleKeys);
  }
  return true;
}

export const noInvisibleKeys =
  "this account may not set sql_generate_invisible_primary_key: tables without a primary key get one that nobody sees";

/** A SET of the script of one object of many without these settings: its session has them, as far as it may. */
export function withoutRestricted(text: Buffer): Buffer {
  if (!text.subarray(0, 12).equals(Buffer.from("SET SESSION "))) return text;
  return Buffer.from(text.toString("latin1").replaceAll(amongOthers, ""), "latin1");
}
