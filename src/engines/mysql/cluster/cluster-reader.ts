import type { ClusterContents, ClusterReader, ClusterRequest } from "../../../ports/cluster.ts";
import type { Dumper, NotIncluded } from "../../../ports/dump.ts";
import { usualMysqlDump } from "../../../ports/mysql-dump.ts";
import { resolveMysqlConnection } from "../../../wire/mysql/conninfo/resolve-mysql-connection.ts";
import { identifyMysql } from "../../../wire/mysql/identify-server.ts";
import { openMysqlSession } from "../../../wire/mysql/open-session.ts";
import { describeServer } from "../dump/describe-server.ts";
import { sessionsFor } from "../dump/dump-database.ts";
import { preparedTransactions } from "../dump/prepared-transactions.ts";
import type { MysqlSource } from "../dump/with-source.ts";
import { readServerNotIncluded } from "../objects/not-included.ts";
import { accountsScript } from "./accounts-script.ts";
import { listDatabases } from "./list-databases.ts";
import { type Accounts, readAccounts } from "./read-accounts.ts";
import { openSharedState } from "./shared-state.ts";
import { wholeScript } from "./whole-script.ts";

export interface MysqlClusterReaderOptions {
  readonly dumper: Dumper;
  /** Name and version of this program, written into scripts. */
  readonly dumperVersion: string;
}

/** Reads the accounts of a MySQL or MariaDB server, and all its databases from one state. */
export function createMysqlClusterReader({ dumper, dumperVersion }: MysqlClusterReaderOptions): ClusterReader {
  return {
    formats: ["sql", "directory"],
    wholeScript,
    async read(request, { progress, signal }) {
      const { connection: wanted, applicationName } = request;
      const spec = await resolveMysqlConnection({ ...wanted, applicationName });
      progress.emit({ event: "phase", phase: "connect", message: "connecting" });
      for (const message of spec.warnings) progress.emit({ event: "warning", message });
      await using stack = new AsyncDisposableStack();
      const control = stack.use(await openMysqlSession(spec, { signal }));
      const facts = await identifyMysql(control);
      const source: MysqlSource = {
        control,
        facts,
        spec,
        connect: () => openMysqlSession(control.spec, { signal }),
      };
      const warnings: string[] = [...(await preparedTransactions(control))];
      const listed = await listDatabases(control, { wanted: request.databases, excluded: request.excludedDatabases });
      const { dump } = request;
      const shared =
        dump === undefined
          ? undefined
          : await openSharedState(
              source,
              {
                databases: listed.wanted,
                check: (asked) => dumper.check(asked),
                dumperVersion,
                sessions: sessionsFor(dump),
                ...(dump.mysql ?? usualMysqlDump),
              },
              (message) => warnings.push(message),
            );
      if (shared !== undefined) stack.use(shared.state);
      progress.emit({ event: "phase", phase: "globals", message: "reading accounts" });
      const accounts = await accountsOf(source, request);
      // From here on the state keeps the first connection, too, which holds the server's locks.
      const kept = shared === undefined ? undefined : stack.move();
      return {
        server: describeServer(source, facts.variables.get("character_set_server") ?? ""),
        globals: {
          ...accountsScript(accounts, facts, dumperVersion),
          roles: accounts.names.length,
          tablespaces: 0,
        },
        databases: shared?.order ?? listed.wanted,
        notIncluded: [
          ...named("databases", listed.others, "--database and --exclude-database left them out"),
          ...named("unused-accounts", accounts.unused, "the server knows hosts by address only (skip_name_resolve)"),
          ...named(
            "second-passwords",
            accounts.secondPasswords,
            "no statement tells them: set them anew where they are needed",
          ),
          ...named(
            "role-passwords",
            accounts.withoutPasswords,
            "they were not asked for: the accounts are locked until somebody sets a password",
          ),
          ...named(
            "mandatory-roles",
            (facts.variables.get("mandatory_roles") ?? "").split(",").filter((role) => role.trim() !== ""),
            "which roles everybody has is a setting of the server: set mandatory_roles again",
          ),
          ...(await readServerNotIncluded(control, facts)),
        ],
        warnings,
        ...(shared === undefined
          ? {}
          : { shared: { ...shared.state, [Symbol.asyncDispose]: () => kept!.disposeAsync() } }),
      } satisfies ClusterContents;
    },
  };
}

/** In a session of its own: showing an account may end a transaction, and settings are changed for it. */
async function accountsOf(source: MysqlSource, { rolePasswords }: ClusterRequest): Promise<Accounts> {
  await using connection = await source.connect();
  await connection.query("SET NAMES utf8mb4");
  await connection.query("SET SESSION sql_mode = '', sql_quote_show_create = 1");
  return await readAccounts(connection, source.facts, { passwords: rolePasswords });
}

const maxExamples = 5;

function named(kind: string, names: readonly string[], hint: string): NotIncluded[] {
  return names.length === 0 ? [] : [{ kind, count: names.length, examples: names.slice(0, maxExamples), hint }];
}
