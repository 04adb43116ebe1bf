import type { Finding } from "../../../../ports/restore.ts";
import type { MysqlConnection } from "../../../../wire/mysql/connection.ts";
import type { DirectoryObject } from "../../directory/directory-index.ts";
import { namesAsKept } from "../../objects/names-as-kept.ts";
import { ofDatabase } from "../../objects/of-database.ts";
import { journalTable, type RestoreJournal } from "../journal/restore-journal.ts";
import { type JournaledRestore, stepOf } from "./directory-journal.ts";

const shownNames = 5;
const relations: ReadonlySet<string> = new Set(["table", "sequence", "stand-in"]);

/**
 * Whether the target is as the interrupted restore left it, as far as its tables, views and sequences tell. Changed rows
 * are not noticed.
 */
export async function checkResumed(
  { index, target, chosen }: JournaledRestore,
  journal: RestoreJournal,
  connection: MysqlConnection,
): Promise<Finding[]> {
  const asKept = await namesAsKept(connection);
  const names = new Set<string>();
  await connection.eachRow(
    `SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE ${ofDatabase("TABLE_SCHEMA", target)}`,
    ({ name }) => names.add(asKept(name ?? "")),
  );
  const numbers = new Map(index.objects.map((object, number) => [object, number]));
  const isDone = (object: DirectoryObject): boolean => journal.isDone(stepOf(numbers.get(object)!));
  const made = chosen.made.filter(({ kind }) => relations.has(kind));
  const gone = made.filter((object) => isDone(object) && !names.has(asKept(object.name)));
  // The first that is not noted may have been made all the same.
  const [, ...left] = made.filter((object) => !isDone(object));
  // A server that crashes may lose its last notes, and keep the views that it made before these: files, of MariaDB.
  const held = left.filter(({ kind }) => kind !== "stand-in");
  const come = journal.wasEmpty ? held.filter(({ name }) => names.has(asKept(name))) : [];
  return [
    ...changed(target, gone, "had been restored, and is gone"),
    ...changed(target, come, "was not restored yet, and is there"),
  ];
}

function changed(target: string, objects: readonly DirectoryObject[], what: string): Finding[] {
  if (objects.length === 0) return [];
  const shown = objects.slice(0, shownNames).map(({ name }) => `"${name}"`);
  const more = objects.length > shownNames ? ` and ${objects.length - shownNames} more` : "";
  return [
    {
      code: "target-changed",
      severity: "error",
      message: `database "${target}" was changed since the restore was interrupted: ${shown.join(", ")}${more} ${what}`,
      solution: "undo that, or restore anew into another database",
    },
  ];
}

/** A restore that is not resumed finds a journal. */
export function interruptedRestore(target: string): Finding {
  return {
    code: "interrupted-restore",
    severity: "error",
    message: `database "${target}" holds a restore that was interrupted`,
    solution: `go on with it (--resume); or drop the database, or forget it (DROP TABLE ${journalTable})`,
  };
}
