import { BackupError } from "../../../core/backup-error.ts";
import type { MysqlDumpOptions } from "../../../ports/mysql-dump.ts";
import type { Relation } from "../objects/read-relations.ts";

/**
 * The tables, views and sequences that are dumped.
 * @throws BackupError NOT_FOUND for a name that is asked for and not there; one to be left out may be missing
 */
export function chosenRelations(
  relations: readonly Relation[],
  { tables, ignoredTables }: Pick<MysqlDumpOptions, "tables" | "ignoredTables">,
): Relation[] {
  const there = new Set(relations.map(({ name }) => name));
  const missing = tables.find((name) => !there.has(name));
  if (missing !== undefined) {
    throw new BackupError({
      code: "NOT_FOUND",
      message: `there is no table, view or sequence "${missing}", or this user may not see it`,
      object: missing,
      hint: "check the name: letters count as the server has them, and there are no patterns",
    });
  }
  const chosen = new Set(tables.length === 0 ? there : tables);
  for (const name of ignoredTables) chosen.delete(name);
  return relations.filter(({ name }) => chosen.has(name));
}
