import { BackupError } from "../../../core/backup-error.ts";
import type { PromisedContents } from "../../../ports/restore-proof.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import type { ConnectionSpec } from "../../../wire/postgres/connection-spec.ts";
import { connectTarget } from "../restore/target-database.ts";
import { quoteLiteral } from "../sql/quote.ts";

/** As a dump has them: the checksums are of the bytes as dumped. */
const settings: Readonly<Record<string, string>> = {
  DateStyle: "ISO",
  IntervalStyle: "postgres",
  extra_float_digits: "3",
  bytea_output: "hex",
  standard_conforming_strings: "on",
  quote_all_identifiers: "off",
  // Rather an error than rows that a policy hides.
  row_security: "off",
};

/** Where the server knows them. Nothing of the backup is to run while it is looked at. */
const guards: Readonly<Record<string, string>> = {
  event_triggers: "off",
  jit: "off",
  restrict_nonsystem_relation_kind: "view, foreign-table",
};

/** A session in a restored database that answers as the session of its dump did. */
export interface ProofSession {
  readonly connection: PgConnection;
  /** Settings of the dump's session that this server does not take. */
  readonly refused: readonly string[];
}

export async function openProofSession(
  spec: ConnectionSpec,
  promised: Pick<PromisedContents, "encoding" | "rowSettings">,
  signal: AbortSignal,
): Promise<ProofSession> {
  const connection = await connectTarget(spec, spec.database, { text: "binary", signal });
  try {
    const wanted = { ...settings, ...(promised.encoding === "" ? {} : { client_encoding: promised.encoding }) };
    const pairs = Object.entries(wanted).map(([name, value]) => `SET ${name} = ${quoteLiteral(value)}`);
    await connection.query(pairs.join("; "));
    const known = Object.entries(guards).map(([name, value]) => `(${quoteLiteral(name)}, ${quoteLiteral(value)})`);
    await connection.query(
      "SELECT pg_catalog.set_config(s.name, v.value, false) FROM pg_catalog.pg_settings AS s " +
        `JOIN (VALUES ${known.join(", ")}) AS v (name, value) ON v.name = s.name ` +
        "WHERE s.context = 'user' OR pg_catalog.current_setting('is_superuser') = 'on'",
    );
    return { connection, refused: await setRecorded(connection, promised.rowSettings ?? {}) };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** The locale of amounts of money may be missing on this machine. */
async function setRecorded(connection: PgConnection, recorded: Readonly<Record<string, string>>): Promise<string[]> {
  const refused: string[] = [];
  for (const [name, value] of Object.entries(recorded)) {
    try {
      await connection.query(
        `SELECT pg_catalog.set_config(${quoteLiteral(name)}, ${quoteLiteral(binary(value))}, false)`,
      );
    } catch (error) {
      if (!(error instanceof BackupError) || error.code !== "SERVER") throw error;
      refused.push(name);
    }
  }
  return refused;
}

const binary = (text: string): string => Buffer.from(text, "utf8").toString("latin1");
