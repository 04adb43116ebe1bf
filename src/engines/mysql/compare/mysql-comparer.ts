import type { Comparer } from "../../../ports/comparison.ts";
import { resolveMysqlConnection } from "../../../wire/mysql/conninfo/resolve-mysql-connection.ts";
import { compareDatabases } from "./compare-databases.ts";
import { compareWithBackup } from "./compare-with-backup.ts";

/** Compares databases of MySQL and MariaDB with each other, and with backups. */
export const mysqlComparer: Comparer = {
  async compare(request, context) {
    const [left, right] = await Promise.all([
      resolveMysqlConnection(request.left),
      resolveMysqlConnection(request.right),
    ]);
    return await compareDatabases({ left, right }, request, context);
  },

  async compareWithBackup({ database, ...request }, context) {
    return await compareWithBackup(await resolveMysqlConnection(database), request, context);
  },
};
