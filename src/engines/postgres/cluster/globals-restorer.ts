import { BackupError } from "../../../core/backup-error.ts";
import type {
  GlobalsCheck,
  GlobalsRequest,
  GlobalsRestorer,
  GlobalsResult,
  RestorableGlobals,
} from "../../../ports/cluster.ts";
import type { ProgressSink } from "../../../ports/progress.ts";
import { maxListedFailures, type RestoreFailure } from "../../../ports/restore.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { resolveConnection } from "../../../wire/postgres/conninfo/resolve-connection.ts";
import { identifyServer } from "../../../wire/postgres/identify-server.ts";
import { ServerError } from "../../../wire/postgres/server-error.ts";
import { capabilitiesOf } from "../capabilities.ts";
import { type NameDecoder, nameDecoder } from "../dump/name-decoder.ts";
import { firstLine } from "../restore/failure-log.ts";
import { nameEncoder } from "../restore/name-encoder.ts";
import { encodingSetting } from "../restore/script/read-script.ts";
import { connectMaintenance } from "../restore/target-database.ts";
import { namesMatching } from "../select/names-matching.ts";
import { quoteLiteral } from "../sql/quote.ts";
import {
  adaptStatement,
  type GlobalsChoice,
  type GlobalsTarget,
  withoutGrantor,
  withoutSecrets,
} from "./adapt-statement.ts";
import { checkGlobals } from "./check-globals.ts";
import type { GlobalStatement } from "./global-statement.ts";
import { readGlobalsScript } from "./read-globals-script.ts";
import { splitClusterScript } from "./split-cluster-script.ts";

/** Restores what belongs to a PostgreSQL server as a whole. */
export const postgresGlobalsRestorer: GlobalsRestorer = {
  alwaysThere: new Set(["postgres", "template1"]),
  // Most of what can be in their way (roles, tablespaces) is about to be restored.
  looksAhead: false,
  async open(script) {
    return new ScriptedGlobals(await readGlobalsScript(script));
  },
  split: splitClusterScript,
  namesMatching,
};

class ScriptedGlobals implements RestorableGlobals {
  readonly roles: readonly string[];
  readonly tablespaces: readonly { readonly name: string; readonly location: string }[];
  readonly #statements: readonly GlobalStatement[];
  readonly #encoding: string;
  readonly #decode: NameDecoder;

  constructor(statements: readonly GlobalStatement[]) {
    this.#statements = statements;
    this.#encoding = statements.flatMap(({ sql }) => encodingSetting(sql) ?? [])[0] ?? "UTF8";
    this.#decode = nameDecoder(this.#encoding);
    this.roles = statements.flatMap((one) => (one.kind === "create-role" ? [this.#decode(one.role)] : []));
    this.tablespaces = statements.flatMap((one) =>
      one.kind === "create-tablespace"
        ? [{ name: this.#decode(one.space.name), location: this.#decode(one.space.location) }]
        : [],
    );
  }

  plan(request: GlobalsRequest): readonly string[] {
    const { locations } = this.#choice(request);
    const encode = nameEncoder(this.#decode);
    return [
      ...(request.roles ? this.roles.map((name) => `role "${name}"`) : []),
      ...(request.tablespaces
        ? this.tablespaces.map(({ name, location }) => {
            const folder = locations.get(encode(name));
            return `tablespace "${name}" in "${folder === undefined ? location : this.#decode(folder)}"`;
          })
        : []),
    ];
  }

  async preCheck(request: GlobalsRequest, signal: AbortSignal): Promise<GlobalsCheck> {
    this.#choice(request);
    await using connection = await this.#connect(request, signal);
    return await checkGlobals(connection, this, request, this.#decode);
  }

  async run(request: GlobalsRequest, progress: ProgressSink, signal: AbortSignal): Promise<GlobalsResult> {
    const choice = this.#choice(request);
    await using connection = await this.#connect(request, signal);
    progress.emit({ event: "phase", phase: "globals", message: "restoring roles and tablespaces" });
    const target = await readTarget(connection);
    const failures: RestoreFailure[] = [];
    const warnings: string[] = [];
    let failed = 0;
    let done = 0;
    for (const statement of this.#statements) {
      const sql = adaptStatement(statement, target, choice);
      if (sql === undefined) continue;
      try {
        warnings.push(...(await this.#runOne(connection, statement, sql)));
        done++;
      } catch (error) {
        if (!(error instanceof ServerError) || error.code !== "SERVER") throw error;
        failed++;
        if (failures.length < maxListedFailures) failures.push(this.#failureOf(sql, error));
      }
    }
    return { done, failures, failed, warnings };
  }

  /** A membership may be granted in the name of somebody who may not on this server: better in ours than not at all. */
  async #runOne(connection: PgConnection, statement: GlobalStatement, sql: string): Promise<string[]> {
    try {
      await connection.query(sql);
      return this.#lostOptions(connection, statement);
    } catch (error) {
      if (!(error instanceof ServerError) || statement.kind !== "membership") throw error;
      const { grant } = statement;
      if (grant.grantor === undefined || !capabilitiesOf(connection.serverVersion).membershipOptions) throw error;
      await connection.query(withoutGrantor(grant)).catch(() => {
        throw error;
      });
      const [role, member, grantor] = [grant.role, grant.member, grant.grantor].map(this.#decode);
      return [`role "${role}" was granted to "${member}" by "${connection.user}" instead of "${grantor}"`];
    }
  }

  /** Before 16 every member inherits as the member's attribute says, and may become the role. */
  #lostOptions(connection: PgConnection, statement: GlobalStatement): string[] {
    if (statement.kind !== "membership" || capabilitiesOf(connection.serverVersion).membershipOptions) return [];
    const { role, member, inherits, maySet } = statement.grant;
    if (inherits !== false && maySet !== false) return [];
    const lost = [...(inherits === false ? ["INHERIT FALSE"] : []), ...(maySet === false ? ["SET FALSE"] : [])];
    const names = `"${this.#decode(member)}" is a member of "${this.#decode(role)}"`;
    return [`${names} without ${lost.join(" and ")}, which this server does not know`];
  }

  #failureOf(sql: string, error: ServerError): RestoreFailure {
    const statement = firstLine(this.#decode(withoutSecrets(sql))).replace(/;$/, "");
    return {
      object: statement,
      // Not the error's own message, which may show the statement with a hash in it.
      message: error.notice.message,
      statement,
      sqlState: error.notice.sqlState,
    };
  }

  async #connect(request: GlobalsRequest, signal: AbortSignal): Promise<PgConnection> {
    const spec = resolveConnection({ applicationName: "dbbackup restore", ...request.connection });
    const connection = await connectMaintenance(spec, { text: "binary", signal });
    try {
      await identifyServer(connection, spec, signal);
      await connection.query(
        `SET client_encoding = ${quoteLiteral(this.#encoding)}; SET standard_conforming_strings = on`,
      );
      return connection;
    } catch (error) {
      await connection[Symbol.asyncDispose]();
      throw error;
    }
  }

  #choice({ tablespaceMap, ...choice }: GlobalsRequest): GlobalsChoice {
    const encode = nameEncoder(this.#decode);
    const locations = new Map<string, string>();
    for (const [old, folder] of tablespaceMap) {
      const meant = this.tablespaces.filter(({ name, location }) => name === old || location === old);
      if (meant.length === 0) throw noSuchTablespace(old);
      for (const { name } of meant) locations.set(encode(name), encode(folder));
    }
    return { ...choice, locations };
  }
}

function noSuchTablespace(old: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: `--tablespace-map: the backup has no tablespace of the name or folder "${old}"`,
    hint: "see --dry-run for its tablespaces and their folders",
  });
}

async function readTarget(connection: PgConnection): Promise<GlobalsTarget> {
  const names = async (sql: string): Promise<Set<string>> =>
    new Set((await connection.query(sql)).rows.map((row) => row[0] ?? ""));
  const superuser = await names("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolsuper");
  return {
    isSuperuser: superuser.size > 0,
    membershipOptions: capabilitiesOf(connection.serverVersion).membershipOptions,
    roles: await names("SELECT rolname FROM pg_catalog.pg_roles"),
    tablespaces: await names("SELECT spcname FROM pg_catalog.pg_tablespace"),
  };
}
