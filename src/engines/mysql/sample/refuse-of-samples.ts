import { BackupError } from "../../../core/backup-error.ts";
import type { DumpRequest } from "../../../ports/dump.ts";
import { usualMysqlDump } from "../../../ports/mysql-dump.ts";

/** Refuses what no sample can have. @throws BackupError USAGE */
export function refuseOfSamples({ mysql = usualMysqlDump }: Pick<DumpRequest, "mysql">): void {
  const given: readonly (readonly [boolean, string, string])[] = [
    [mysql.where !== undefined, "--where", "rows that others refer to need not meet it"],
    [mysql.history, "--dump-history", "old versions of rows refer to what is no longer there"],
    [mysql.columnStatistics, "--column-statistics", "the statistics are of all rows"],
  ];
  const found = given.find(([isGiven]) => isGiven);
  if (found === undefined) return;
  throw new BackupError({
    code: "USAGE",
    message: `"${found[1]}" does not go with a sample: ${found[2]}`,
    hint: "leave it out, or use: dbbackup backup single",
  });
}
