import type { ConnectionRequest } from "../../../ports/connection-request.ts";
import type { MissingFromServer, RestoreProver, ScratchDatabase } from "../../../ports/restore-proof.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import type { ConnectionSpec } from "../../../wire/postgres/connection-spec.ts";
import { resolveConnection } from "../../../wire/postgres/conninfo/resolve-connection.ts";
import { identifyServer } from "../../../wire/postgres/identify-server.ts";
import { newScratchName, scratchPrefix } from "../../common/scratch-name.ts";
import { connectMaintenance } from "../restore/target-database.ts";
import { quoteIdentifier, quoteLiteral } from "../sql/quote.ts";
import { tryDropScratch } from "./drop-scratch.ts";
import { ProofDatabase } from "./proof-database.ts";
import { abandonedDatabases, holdLease } from "./scratch-lease.ts";

/** Proves backups of PostgreSQL databases. */
export const postgresProver: RestoreProver = {
  async reserve(server, signal, name = newScratchName()) {
    const spec = resolveConnection({ applicationName: "dbbackup verify", ...server });
    const connection = await connectMaintenance(spec, { text: "utf8" });
    try {
      await identifyServer(connection, spec, signal);
      if (name.startsWith(scratchPrefix)) await holdLease(connection, name);
      const swept = await sweep(connection, spec);
      return scratchOf({ server, name, spec, connection, swept, signal });
    } catch (error) {
      await connection.close();
      throw error;
    }
  },
};

/** What somebody is connected to, or somebody else owns, stays: the next run tries again. */
async function sweep(connection: PgConnection, spec: ConnectionSpec): Promise<string[]> {
  const swept: string[] = [];
  for (const name of await abandonedDatabases(connection)) {
    if ((await tryDropScratch(spec, name)) === undefined) swept.push(name);
  }
  return swept;
}

interface Reserved {
  readonly server: ConnectionRequest;
  readonly name: string;
  /** Of another database than the scratch database. */
  readonly spec: ConnectionSpec;
  /** Holds the lease; in another database. Not the run's to cancel: an interrupted run cleans up, too. */
  readonly connection: PgConnection;
  readonly swept: readonly string[];
  readonly signal: AbortSignal;
}

function scratchOf({ server, name, spec, connection, swept, signal }: Reserved): ScratchDatabase {
  const leftBehind: string[] = [];
  return {
    name,
    connection: { ...server, database: name },
    serverVersion: connection.serverVersionText,
    swept,
    leftBehind,
    provide: (missing) => provide(connection, missing),
    create: async (encoding) => {
      const options = await localeFor(connection, encoding);
      await connection.query(`CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE template0${options}`);
    },
    open: async (promised, jobs) =>
      await ProofDatabase.open({ spec: { ...spec, database: name }, promised, jobs, signal }),
    [Symbol.asyncDispose]: async () => {
      const failure = await tryDropScratch(spec, name);
      if (failure !== undefined) leftBehind.push(failure);
      await connection.close();
    },
  };
}

/**
 * The server's own where it fits: it knows which characters are letters, as `C` does not, and conditions of the backup may
 * ask. `C` fits every encoding.
 */
async function localeFor(connection: PgConnection, encoding: string): Promise<string> {
  const { rows } = await connection.query(
    "SELECT pg_catalog.pg_encoding_to_char(encoding) FROM pg_catalog.pg_database WHERE datname = 'template0'",
  );
  if (rows[0]?.[0] === encoding) return "";
  const provider = connection.serverVersion >= 150_000 ? " LOCALE_PROVIDER libc" : "";
  return ` ENCODING ${quoteLiteral(encoding)}${provider} LC_COLLATE 'C' LC_CTYPE 'C'`;
}

/** Such tablespaces lie in the server's own folder, and go with it. */
async function provide(connection: PgConnection, { roles, tablespaces }: MissingFromServer): Promise<void> {
  for (const role of roles) await connection.query(`CREATE ROLE ${quoteIdentifier(role)} NOLOGIN`);
  if (tablespaces.length === 0) return;
  await connection.query("SET allow_in_place_tablespaces = on");
  for (const tablespace of tablespaces) {
    await connection.query(`CREATE TABLESPACE ${quoteIdentifier(tablespace)} LOCATION ''`);
  }
}
