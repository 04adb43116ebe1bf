import { BackupError } from "../../../core/backup-error.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import type { ConnectionSpec } from "../../../wire/postgres/connection-spec.ts";
import { connectMaintenance, connectTarget, dropDatabase } from "../restore/target-database.ts";
import { quoteIdentifier, quoteLiteral } from "../sql/quote.ts";

/** Drops a scratch database if it exists, with the subscriptions in it, which would keep it. */
export async function dropScratch(spec: ConnectionSpec, name: string): Promise<void> {
  await using connection = await connectMaintenance(spec, { text: "utf8" });
  const { rows } = await connection.query(
    "SELECT datistemplate, EXISTS (SELECT FROM pg_catalog.pg_subscription AS s WHERE s.subdbid = d.oid) " +
      `FROM pg_catalog.pg_database AS d WHERE datname = ${quoteLiteral(name)}`,
  );
  const [found] = rows;
  if (found === undefined) return;
  // A backup may have been made of a template, and of a database that allows nobody to connect.
  if (found[0] === "t") await connection.query(`ALTER DATABASE ${quoteIdentifier(name)} IS_TEMPLATE = false`);
  if (found[1] === "t") await dropSubscriptions(spec, name);
  await endSessions(connection, name);
  await dropDatabase(connection, name);
}

/** Those of a run that was killed: the server notices no sooner than it has something to say to them. */
async function endSessions(connection: PgConnection, name: string): Promise<void> {
  await connection
    .query(
      `SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE datname = ${quoteLiteral(name)}`,
    )
    .catch((error: unknown) => {
      // Somebody else's session keeps the database, and the statement that drops it says so.
      if (!(error instanceof BackupError) || error.code !== "SERVER") throw error;
    });
}

/** They have no slot anywhere: a restore makes them without, and starts none. */
async function dropSubscriptions(spec: ConnectionSpec, name: string): Promise<void> {
  await using connection = await connectTarget(spec, name, { text: "utf8" });
  const { rows } = await connection.query(
    "SELECT subname FROM pg_catalog.pg_subscription AS s JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid " +
      "WHERE d.datname = pg_catalog.current_database()",
  );
  for (const [subscription] of rows) {
    const quoted = quoteIdentifier(subscription!);
    await connection.query(`ALTER SUBSCRIPTION ${quoted} DISABLE`);
    await connection.query(`ALTER SUBSCRIPTION ${quoted} SET (slot_name = NONE)`);
    await connection.query(`DROP SUBSCRIPTION ${quoted}`);
  }
}

/** Drops as {@link dropScratch}; answers why it could not. */
export async function tryDropScratch(spec: ConnectionSpec, name: string): Promise<string | undefined> {
  try {
    await dropScratch(spec, name);
    return undefined;
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    return `scratch database "${name}" could not be dropped: ${error.message}`;
  }
}
