import type { MysqlDumpOptions } from "../../../ports/mysql-dump.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import type { DescribedDatabase } from "../../common/tools/described-database.ts";
import { readRelations } from "../objects/read-relations.ts";
import { chosenRelations } from "./chosen-relations.ts";
import { readDatabaseDefaults } from "./database-defaults.ts";
import { countedEntries } from "./dump-run.ts";
import { setUpDumpSession } from "./dump-session.ts";
import { requireRights } from "./require-rights.ts";
import { readUnprotected } from "./snapshot/read-unprotected.ts";
import { holdsRows } from "./table-rows.ts";
import { notIncludedIn } from "./tables-not-included.ts";

/**
 * Looks at a database for a dump program, in a connection whose settings it changes.
 * @throws BackupError NOT_FOUND; AUTH when the account does not see all of it
 */
export async function describeDatabase(
  connection: MysqlConnection,
  facts: MysqlServerFacts,
  database: string,
  options: MysqlDumpOptions,
): Promise<DescribedDatabase> {
  const { charset } = await readDatabaseDefaults(connection, facts, database);
  await setUpDumpSession(connection, facts, database);
  const relations = chosenRelations(await readRelations(connection, database), options);
  await requireRights({ control: connection, facts }, database, relations, options);
  const tables = relations.filter(holdsRows).map(({ name }) => name);
  const unprotected = (await readUnprotected(connection, database)).filter((name) => tables.includes(name));
  const known = { source: { facts, control: connection }, database, options, relations };
  return {
    encoding: charset,
    tables,
    unprotected,
    entries: countedEntries(relations.map(({ kind }) => kind)),
    notIncluded: await notIncludedIn(known, () => options.history),
  };
}
