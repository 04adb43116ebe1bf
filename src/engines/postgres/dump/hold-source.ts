import { monotonic } from "../../../core/monotonic.ts";
import type { NotIncluded, SnapshotHeld } from "../../../ports/dump.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";
import { capabilitiesOf } from "../capabilities.ts";
import { readDatabase } from "../objects/database.ts";
import { readNotIncluded } from "../objects/not-included.ts";
import { quoteConformingLiteral } from "../sql/quote.ts";
import { catalogSession } from "./dump-session.ts";
import { nameDecoder } from "./name-decoder.ts";
import { readServerFacts } from "./server-facts.ts";
import { dumpEncoding, sessionSettings } from "./session-settings.ts";

/** A snapshot that is held for somebody else, and what is known of the source in it. */
export interface HeldSnapshot {
  readonly encoding: string;
  readonly systemIdentifier?: string;
  readonly snapshotLsn?: string;
  readonly xmin: string;
  /** The name under which other sessions find it. */
  readonly snapshot: string;
  readonly rowSettings: Readonly<Record<string, string>>;
  readonly writesByteaOtherwise: boolean;
  readonly notIncluded: readonly NotIncluded[];
  end(): Promise<SnapshotHeld>;
}

/**
 * Takes a snapshot in a fresh connection, or joins one that was exported, and holds it.
 * @param connection must speak binary strings
 */
export async function holdSource(
  connection: PgConnection,
  options: { readonly snapshot?: string; readonly data: boolean; readonly statistics: boolean },
): Promise<HeldSnapshot> {
  const capabilities = capabilitiesOf(connection.serverVersion);
  const { rows } = catalogSession(connection);
  const { rows: own } = await connection.query("SHOW bytea_output");
  const zone = connection.parameter("TimeZone");
  await connection.query(sessionSettings(capabilities, {}, false).join(";\n"));
  const join =
    options.snapshot === undefined ? "" : `; SET TRANSACTION SNAPSHOT ${quoteConformingLiteral(options.snapshot)}`;
  await connection.query(`BEGIN; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY${join}`);
  const since = monotonic();
  const { xmin, monetaryLocale, ...facts } = await readServerFacts(rows);
  const [exported] =
    options.snapshot === undefined ? await rows("SELECT pg_catalog.pg_export_snapshot() AS snapshot") : [];
  const { encoding } = await readDatabase(rows, capabilities);
  const scope = { databaseItself: true, statistics: options.statistics, largeObjects: options.data };
  const notIncluded = await readNotIncluded(rows, capabilities, scope);
  const decode = nameDecoder(dumpEncoding(connection));
  return {
    encoding,
    ...facts,
    xmin,
    snapshot: options.snapshot ?? exported!.snapshot!,
    rowSettings: { ...(zone === undefined ? {} : { TimeZone: zone }), lc_monetary: monetaryLocale },
    writesByteaOtherwise: own[0]?.[0] !== "hex",
    notIncluded: notIncluded.map((item) => ({ ...item, examples: item.examples.map(decode) })),
    end: async () => {
      await connection.query("COMMIT");
      const [now] = await rows(
        `SELECT pg_catalog.txid_snapshot_xmax(pg_catalog.txid_current_snapshot()) - ${xmin} AS transactions`,
      );
      return { xmin, transactions: Number(now!.transactions), seconds: (monotonic() - since) / 1000 };
    },
  };
}
