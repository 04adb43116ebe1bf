import { createHash } from "node:crypto";
import { BackupError } from "../../../../core/backup-error.ts";
import type { RestoreRequest } from "../../../../ports/restore.ts";
import type { MysqlConnection } from "../../../../wire/mysql/connection.ts";
import { type RestoreIdentity, shapingOptions } from "../../../common/restore-identity.ts";
import type { DirectoryIndex, DirectoryObject } from "../../directory/directory-index.ts";
import { isInSnapshots } from "../../dump/snapshot/read-unprotected.ts";
import { ofDatabase } from "../../objects/of-database.ts";
import { quoteName } from "../../quote.ts";
import { journalTable, RestoreJournal, type Step } from "../journal/restore-journal.ts";
import type { ChosenObjects } from "./chosen-objects.ts";
import { dropObject } from "./drop-objects.ts";

/** Another number when a version restores in another way, so that what an earlier one has done means something else. */
const planVersion = 1;

/** A restore of a directory that has a journal. */
export interface JournaledRestore {
  readonly index: DirectoryIndex;
  readonly target: string;
  readonly request: RestoreRequest;
  readonly chosen: ChosenObjects;
}

/** @throws BackupError USAGE for options that a journal does not go with */
export function checkDirectoryJournal({ index, request }: Pick<JournaledRestore, "index" | "request">): void {
  const { journal, onError } = request;
  if (journal === undefined) return;
  const flag = journal === "resume" ? "--resume" : "--resumable";
  if (onError === "continue") {
    throw new BackupError({
      code: "USAGE",
      message: `${flag} and --on-error continue exclude each other`,
      hint: "leave out one of them",
    });
  }
  if (index.objects.every(({ name }) => name.toLowerCase() !== journalTable)) return;
  throw new BackupError({
    code: "USAGE",
    message: `the backup holds a table "${journalTable}" itself, since it was made of a database that was being restored`,
    hint: `restore it without ${flag}`,
  });
}

/**
 * Begins a journal in the target, or takes up the one that is there. Rows of tables without transactions are taken back:
 * which of them came is not known.
 * @param connection a session in the target
 * @throws BackupError PRECHECK
 */
export async function openJournal(restore: JournaledRestore, connection: MysqlConnection): Promise<RestoreJournal> {
  const { chosen, target, request } = restore;
  const engines = await enginesOf(connection, target);
  const withoutTransactions = chosen.loaded.filter(({ name }) => {
    const engine = engines.get(name);
    return engine !== undefined && !isInSnapshots(engine);
  });
  const journal = await readJournal(restore, connection);
  if (request.journal === "resume") {
    for (const object of withoutTransactions) await emptyTable(restore, connection, journal, object);
    return journal;
  }
  const foreign = withoutTransactions.find((object) => !chosen.made.includes(object));
  if (foreign === undefined) return journal;
  await journal.end(connection);
  throw new BackupError({
    code: "PRECHECK",
    message: `table "${foreign.name}" of engine ${engines.get(foreign.name)} has no transactions and is not made by this restore: after an interruption nobody could tell which rows came`,
    object: foreign.name,
    hint: "leave out --resumable",
  });
}

/** The same, touching nothing of an interrupted restore. */
export async function readJournal(
  { index, target, request, chosen }: JournaledRestore,
  connection: MysqlConnection,
): Promise<RestoreJournal> {
  const open = request.journal === "resume" ? RestoreJournal.resume : RestoreJournal.begin;
  return await open(connection, target, identityOf(index, chosen, request), request.jobs.count);
}

/** The step that makes an object. @param number of the object in the index */
export function stepOf(number: number): Step {
  return `object ${number}`;
}

function sha256(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

function named(objects: readonly DirectoryObject[]) {
  return objects.map(({ kind, name }) => [kind, name]);
}

function identityOf(index: DirectoryIndex, { made, loaded }: ChosenObjects, request: RestoreRequest): RestoreIdentity {
  return {
    // It tells the SHA-256 of all other files.
    archive: sha256(index),
    plan: sha256([planVersion, named(made), named(loaded)]),
    options: shapingOptions(request),
  };
}

/** Also where all rows were noted: a server that crashed may have lost them. Its triggers come again behind the rows. */
async function emptyTable(
  { index, chosen }: JournaledRestore,
  connection: MysqlConnection,
  journal: RestoreJournal,
  { name, data }: DirectoryObject,
): Promise<void> {
  for (const [number, object] of index.objects.entries()) {
    if (object.kind !== "trigger" || object.table !== name || !chosen.made.includes(object)) continue;
    await dropObject(connection, object, true);
    await journal.takeBack(connection, [stepOf(number)]);
  }
  await connection.query(`TRUNCATE TABLE ${quoteName(name)}`);
  await journal.takeBack(
    connection,
    data!.chunks.map(({ file }): Step => `rows ${file}`),
  );
}

async function enginesOf(connection: MysqlConnection, database: string): Promise<ReadonlyMap<string, string>> {
  const rows = await connection.rows(
    `SELECT TABLE_NAME AS name, ENGINE AS engine FROM information_schema.TABLES WHERE ${ofDatabase("TABLE_SCHEMA", database)} AND ENGINE IS NOT NULL`,
  );
  return new Map(rows.map(({ name, engine }) => [name!, engine!]));
}
