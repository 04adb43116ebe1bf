import { BackupError } from "../../../core/backup-error.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";

/** What a SHOW CREATE statement answers. */
export interface ShownObject {
  /** The statement, as bytes in the character set of whoever made it. */
  readonly create: Buffer;
  /** A column of the answer as text; undefined when there is no such column, or it is NULL. */
  field(name: string): string | undefined;
}

/**
 * @param what `TABLE`, `PACKAGE BODY`; what the column with the statement is called follows from it
 * @param label of the object, for messages
 * @throws BackupError SERVER; NOT_FOUND when the server shows no text, which it does when rights are missing
 */
export async function showCreate(
  connection: MysqlConnection,
  what: string,
  quotedName: string,
  label: string,
): Promise<ShownObject> {
  const { columns, rows } = await connection.query(`SHOW CREATE ${what} ${quotedName}`);
  const [row] = rows;
  const at = columns.findIndex(({ name }) => /^create |^SQL Original Statement$/i.test(name));
  const create = row?.[at];
  if (create === undefined || create === null) {
    throw new BackupError({
      code: "AUTH",
      message: `the server does not show the definition of ${label}`,
      object: label,
      hint: "the user of the backup needs the right to see it: SHOW_ROUTINE or SELECT on mysql.proc for routines, SHOW VIEW, TRIGGER, EVENT",
    });
  }
  const field = (name: string): string | undefined => {
    const index = columns.findIndex((column) => column.name.toLowerCase() === name.toLowerCase());
    return row?.[index]?.toString() ?? undefined;
  };
  return { create, field };
}
