import { BackupError } from "../../../core/backup-error.ts";
import type { MissingFromServer, RestoreProver } from "../../../ports/restore-proof.ts";
import type { MysqlConnection } from "../../../wire/mysql/connection.ts";
import type { MysqlConnectionSpec } from "../../../wire/mysql/connection-spec.ts";
import { resolveMysqlConnection } from "../../../wire/mysql/conninfo/resolve-mysql-connection.ts";
import { identifyMysql, type MysqlServerFacts } from "../../../wire/mysql/identify-server.ts";
import { openMysqlSession } from "../../../wire/mysql/open-session.ts";
import { newScratchName } from "../../common/scratch-name.ts";
import { quoteName, quoteText } from "../quote.ts";
import { readOnlyServer } from "../restore/read-only.ts";
import { globalPrivileges } from "../restore/target-facts.ts";
import { tryDropScratch } from "./drop-scratch.ts";
import { MysqlProofDatabase } from "./proof-database.ts";
import { abandonedDatabases, holdLease } from "./scratch-lease.ts";

/** Proves backups of MySQL and MariaDB databases. */
export const mysqlProver: RestoreProver = {
  async reserve(server, signal, name = newScratchName()) {
    const spec = await resolveMysqlConnection({ applicationName: "dbbackup verify", ...server });
    // Holds the lease. Not the run's to cancel: an interrupted run cleans up, too.
    const connection = await openMysqlSession({ ...spec, database: undefined });
    try {
      const facts = await identifyMysql(connection);
      await requireWritable(connection, facts);
      await holdLease(connection, name);
      const swept = await sweep(connection, spec);
      const leftBehind: string[] = [];
      return {
        name,
        connection: { ...server, database: name },
        serverVersion: facts.versionText,
        swept,
        leftBehind,
        provide: (missing) => provide(connection, facts, missing),
        create: async () => void (await connection.query(`CREATE DATABASE ${quoteName(name)}`)),
        open: async (promised, jobs) => await MysqlProofDatabase.open({ spec, database: name, promised, jobs, signal }),
        [Symbol.asyncDispose]: async () => {
          const failure = await tryDropScratch(spec, name);
          if (failure !== undefined) leftBehind.push(failure);
          await connection.close();
        },
      };
    } catch (error) {
      await connection.close();
      throw error;
    }
  },
};

/** @throws BackupError PRECHECK when the server takes no scratch database */
async function requireWritable(connection: MysqlConnection, facts: MysqlServerFacts): Promise<void> {
  const finding = readOnlyServer(facts, await globalPrivileges(connection));
  if (finding?.severity !== "error") return;
  throw new BackupError({
    code: "PRECHECK",
    message: `no scratch database can be made: ${finding.message}`,
    hint: "name another server with --server, or none: then one is started on this machine",
  });
}

/** What somebody uses, or may not be dropped, stays: the next run tries again. */
async function sweep(connection: MysqlConnection, spec: MysqlConnectionSpec): Promise<string[]> {
  const swept: string[] = [];
  for (const name of await abandonedDatabases(connection)) {
    if ((await tryDropScratch(spec, name)) === undefined) swept.push(name);
  }
  return swept;
}

/** Definers: accounts that nobody can log in as, since nobody knows the password. Only a server that goes away gets them. */
async function provide(
  connection: MysqlConnection,
  { capabilities }: MysqlServerFacts,
  { roles }: MissingFromServer,
): Promise<void> {
  for (const role of roles) {
    const at = role.lastIndexOf("@");
    const [user, host] = at < 0 ? [role, "%"] : [role.slice(0, at), role.slice(at + 1)];
    if (host === "" && capabilities.gtids === "domains") await connection.query(`CREATE ROLE ${quoteName(user)}`);
    else await connection.query(`CREATE USER ${quoteText(user)}@${quoteText(host === "" ? "%" : host)}`);
  }
}
