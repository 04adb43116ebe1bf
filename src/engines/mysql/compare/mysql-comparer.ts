import { BackupError } from "../../../core/backup-error.ts";
import type { Comparer } from "../../../ports/comparison.ts";
import { resolveMysqlConnection } from "../../../wire/mysql/conninfo/resolve-mysql-connection.ts";
import { compareDatabases } from "./compare-databases.ts";

/** Compares databases of MySQL and MariaDB with each other. */
export const mysqlComparer: Comparer = {
  async compare(request, context) {
    const [left, right] = await Promise.all([
      resolveMysqlConnection(request.left),
      resolveMysqlConnection(request.right),
    ]);
    return await compareDatabases({ left, right }, request, context);
  },

  async compareWithBackup({ backup }) {
    throw new BackupError({
      code: "UNSUPPORTED_FORMAT",
      message: "a database of MySQL or MariaDB cannot be compared with a backup",
      object: backup.database,
      hint: "restore the backup into another database, and compare the two",
    });
  },
};
