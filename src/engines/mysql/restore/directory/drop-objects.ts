import type { MysqlConnection } from "../../../../wire/mysql/connection.ts";
import type { DirectoryKind, DirectoryObject } from "../../directory/directory-index.ts";
import { quoteName } from "../../quote.ts";

/** What goes with something else, or is no object of its own, has no word. */
const words: Readonly<Partial<Record<DirectoryKind, string>>> = {
  sequence: "SEQUENCE",
  table: "TABLE",
  library: "LIBRARY",
  package: "PACKAGE",
  function: "FUNCTION",
  procedure: "PROCEDURE",
  view: "VIEW",
  trigger: "TRIGGER",
  event: "EVENT",
};

/**
 * Drops the objects of a backup, the last ones first.
 * @param ifExists those that are not there are no error
 */
export async function dropObjects(
  connection: MysqlConnection,
  objects: readonly DirectoryObject[],
  ifExists: boolean,
): Promise<void> {
  for (const object of objects.toReversed()) await dropObject(connection, object, ifExists);
}

export async function dropObject(
  connection: MysqlConnection,
  { kind, name }: Pick<DirectoryObject, "kind" | "name">,
  ifExists: boolean,
): Promise<void> {
  const word = words[kind];
  if (word !== undefined) await connection.query(`DROP ${word} ${ifExists ? "IF EXISTS " : ""}${quoteName(name)}`);
}
