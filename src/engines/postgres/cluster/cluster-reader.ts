import type { ClusterContents, ClusterReader, ClusterRequest } from "../../../ports/cluster.ts";
import type { NotIncluded } from "../../../ports/dump.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { resolveConnection } from "../../../wire/postgres/conninfo/resolve-connection.ts";
import { identifyServer } from "../../../wire/postgres/identify-server.ts";
import { capabilitiesOf } from "../capabilities.ts";
import { catalogSession } from "../dump/dump-session.ts";
import { nameDecoder } from "../dump/name-decoder.ts";
import { readServerFacts } from "../dump/server-facts.ts";
import { type RunQuery, tellingFirstError } from "../objects/catalog-queries.ts";
import { connectMaintenance } from "../restore/target-database.ts";
import { serverText } from "../select/server-text.ts";
import { quoteAllIdentifiers, quotesAllIdentifiers } from "../sql/quote.ts";
import type { Globals } from "./globals.ts";
import { globalsScript } from "./globals-script.ts";
import { listDatabases } from "./list-databases.ts";
import { orderMemberships } from "./membership-order.ts";
import { readGlobals } from "./read-globals.ts";
import { reducedGlobals } from "./reduced-globals.ts";
import { wholeScript } from "./whole-script.ts";

/** Reads what belongs to a PostgreSQL server as a whole. */
export const postgresClusterReader: ClusterReader = {
  formats: ["custom", "directory", "tar"],
  async read(request, { progress, signal }) {
    const { connection: wanted, applicationName } = request;
    const spec = resolveConnection({ ...wanted, applicationName });
    progress.emit({ event: "phase", phase: "connect", message: "connecting" });
    for (const message of spec.warnings) progress.emit({ event: "warning", message });
    await using connection = await connectMaintenance(spec, { text: "binary", signal });
    await identifyServer(connection, spec, signal);
    progress.emit({ event: "phase", phase: "globals", message: "reading roles and tablespaces" });
    const read = () => readCluster(connection, request);
    return await (request.quoteAllIdentifiers === true ? quoteAllIdentifiers(read) : read());
  },
  wholeScript,
};

async function readCluster(connection: PgConnection, request: ClusterRequest): Promise<ClusterContents> {
  const { rows: run } = tellingFirstError(catalogSession(connection));
  await connection.query(sessionSettings());
  const { role } = request;
  if (role !== undefined) await connection.query(`SELECT pg_catalog.set_config('role', ${serverText(role)}, false)`);
  await connection.query("BEGIN; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
  const { encoding, hashes } = await readSession(run);
  const decode = nameDecoder(encoding);
  const capabilities = capabilitiesOf(connection.serverVersion);
  const passwords = request.rolePasswords && hashes;
  const [facts, globals, listed] = await Promise.all([
    readServerFacts(run),
    readGlobals(run, capabilities, { passwords }),
    listDatabases(run, capabilities, { wanted: request.databases, excluded: request.excludedDatabases }),
  ]);
  await connection.query("COMMIT");
  const { host, user } = connection;
  return {
    server: {
      version: connection.serverVersionText,
      host: host.kind === "unix" ? host.folder : host.host,
      port: host.port,
      user,
      encoding,
      ...(facts.systemIdentifier === undefined ? {} : { systemIdentifier: facts.systemIdentifier }),
    },
    globals: {
      script: Buffer.from(globalsScript(reducedGlobals(globals, request), { encoding }), "latin1"),
      roles: globals.roles.length,
      tablespaces: globals.tablespaces.length,
    },
    databases: listed.wanted.map(decode),
    notIncluded: [
      ...listed.notIncluded.map((item) => ({ ...item, examples: item.examples.map(decode) })),
      ...missingPasswords(globals, passwords, request, decode),
    ],
    warnings: [
      ...(request.rolePasswords && !hashes ? [unreadablePasswords(role ?? connection.user)] : []),
      ...impossibleMemberships(globals, decode),
    ],
  };
}

function sessionSettings(): string {
  return [
    "SET DATESTYLE = ISO",
    `SET quote_all_identifiers TO ${quotesAllIdentifiers() ? "on" : "off"}`,
    "SELECT pg_catalog.set_config('client_encoding', pg_catalog.pg_encoding_to_char(encoding), false) FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()",
  ].join(";\n");
}

async function readSession(run: RunQuery): Promise<{ readonly encoding: string; readonly hashes: boolean }> {
  const [row] = await run(
    "SELECT pg_catalog.pg_encoding_to_char(encoding) AS encoding, " +
      "pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'select') AS hashes " +
      "FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()",
  );
  return { encoding: row!.encoding!, hashes: row!.hashes === "t" };
}

function missingPasswords(
  { roles }: Globals,
  passwords: boolean,
  request: ClusterRequest,
  decode: (name: string) => string,
): NotIncluded[] {
  if (passwords) return [];
  const names = roles.filter(({ canLogIn }) => canLogIn).map(({ name }) => decode(name));
  if (names.length === 0) return [];
  const hint = request.rolePasswords
    ? "only superusers may read them: back up as one, or set passwords after the restore"
    : "they were not asked for: set passwords after the restore";
  return [{ kind: "role-passwords", count: names.length, examples: names.slice(0, 5), hint }];
}

function unreadablePasswords(user: string): string {
  return `role "${user}" may not read pg_authid: the backup holds no passwords of roles`;
}

function impossibleMemberships({ memberships }: Globals, decode: (name: string) => string): string[] {
  return orderMemberships(memberships).impossible.map(
    ({ role, member }) =>
      `nobody could have made role "${decode(member)}" a member of "${decode(role)}": the grantor has no admin option; it is not in the backup`,
  );
}
