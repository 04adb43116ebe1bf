import type { Check, SourceChecker, SourceReport } from "../../../ports/preflight.ts";
import { PgConnection } from "../../../wire/postgres/connection.ts";
import { resolveConnection } from "../../../wire/postgres/conninfo/resolve-connection.ts";
import { capabilitiesOf } from "../capabilities.ts";
import { queryRows } from "../dump/dump-session.ts";
import { nameDecoder } from "../dump/name-decoder.ts";
import { readNotIncluded } from "../objects/not-included.ts";
import { findDemandingExtensions } from "../objects/refuse-extensions.ts";
import { findUnsupportedObjects } from "../objects/unsupported.ts";
import { checkReadable } from "./check-readable.ts";
import { type CheckSession, sizeQuery, sourceFactsQuery } from "./source-queries.ts";

/** Looks at a PostgreSQL database before it is backed up. */
export const postgresSourceChecker: SourceChecker = {
  async check({ connection: wish, database, allowedExtensions }, signal) {
    const spec = resolveConnection({ ...wish, database, applicationName: "dbbackup preflight" });
    await using connection = await PgConnection.connect(spec, { text: "binary", signal });
    await connection.query(
      "SELECT pg_catalog.set_config('search_path', '', false);" +
        "SELECT pg_catalog.set_config('client_encoding', pg_catalog.pg_encoding_to_char(encoding), false) " +
        "FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database();" +
        "SET default_transaction_read_only = on; SET lock_timeout = '10s'",
    );
    const rows: CheckSession["rows"] = (sql) => queryRows(connection, sql);
    const [facts] = await rows(sourceFactsQuery);
    const capabilities = capabilitiesOf(connection.serverVersion);
    const session: CheckSession = { rows, capabilities, decode: nameDecoder(facts!.encoding!) };
    const [sizes] = await rows(sizeQuery);
    const notIncluded = await readNotIncluded(rows, capabilities, { databaseItself: true });
    const { host } = connection;
    return {
      serverVersion: connection.serverVersionText,
      host: host.kind === "unix" ? host.folder : host.host,
      port: host.port,
      user: connection.user,
      databaseBytes: Number(sizes!.database_bytes),
      dataBytes: Number(sizes!.data_bytes),
      checks: [
        ...spec.warnings.map((message): Check => ({ name: "connection", status: "warning", message })),
        connectionCheck(connection, facts!.superuser === "t"),
        ...(await checkReadable(session)),
        await objectsCheck(session),
        ...(await extensionChecks(session, allowedExtensions)),
        await locksCheck(session),
        ...standbyCheck(facts!.standby === "t"),
      ],
      notIncluded: notIncluded.map((item) => Object.assign(item, { examples: item.examples.map(session.decode) })),
    } satisfies SourceReport;
  },
};

function connectionCheck(connection: PgConnection, isSuperuser: boolean): Check {
  const { host, user } = connection;
  const place = host.kind === "unix" ? host.folder : `${host.host}:${host.port}`;
  const how = { unix: "Unix socket", tcp: "TCP without TLS", tls: "TLS" }[connection.transportKind];
  return {
    name: "connection",
    status: "ok",
    message: `PostgreSQL ${connection.serverVersionText} at ${place} (${how}) as "${user}"${isSuperuser ? ", a superuser" : ""}`,
  };
}

async function objectsCheck({ rows, decode }: CheckSession): Promise<Check> {
  const { count, names } = await findUnsupportedObjects(rows);
  if (count === 0) return { name: "objects", status: "ok", message: "every kind of object in it can be backed up" };
  return {
    name: "objects",
    status: "error",
    message: `${count === 1 ? "1 object" : `${count} objects`} cannot be backed up yet`,
    details: names.map(decode),
    hint: "back up this database with pg_dump, or drop what is listed if nobody needs it",
  };
}

async function extensionChecks({ rows }: CheckSession, allowed: readonly string[]): Promise<Check[]> {
  const found = await findDemandingExtensions(rows);
  return found.map(({ name, reason, instead, byHand }): Check => {
    const message = `extension "${name}" ${reason}`;
    if (allowed.includes(name)) return { name: "extensions", status: "warning", message, hint: byHand };
    return { name: "extensions", status: "error", message, hint: `${instead}, or see --allow-extension` };
  });
}

/** Who holds a table exclusively makes the backup wait. */
async function locksCheck({ rows, decode }: CheckSession): Promise<Check> {
  const held = await rows(
    "SELECT DISTINCT n.nspname AS schema, c.relname AS name, l.pid FROM pg_catalog.pg_locks l " +
      "JOIN pg_catalog.pg_class c ON c.oid = l.relation JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace " +
      "WHERE l.granted AND l.mode = 'AccessExclusiveLock' AND c.relkind IN ('r', 'p', 'm', 'S') " +
      "AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) ORDER BY 1, 2",
  );
  if (held.length === 0) return { name: "locks", status: "ok", message: "no table is locked against reading" };
  return {
    name: "locks",
    status: "warning",
    message: `tables are locked against reading now, a backup would wait for them: ${held.length}`,
    details: held.map(({ schema, name, pid }) => `${decode(schema!)}.${decode(name!)} by process ${pid}`),
    hint: "let the migration or maintenance that holds them finish first",
  };
}

function standbyCheck(isStandby: boolean): Check[] {
  if (!isStandby) return [];
  return [
    {
      name: "standby",
      status: "warning",
      message: "the server is a standby: replay may cancel a long backup, and unlogged tables cannot be read",
      hint: "set hot_standby_feedback = on, or raise max_standby_streaming_delay",
    },
  ];
}
