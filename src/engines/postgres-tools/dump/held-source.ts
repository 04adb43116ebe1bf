import type { NotIncluded, SnapshotHeld } from "../../../ports/dump.ts";
import type { PgConnection } from "../../../wire/postgres/connection.ts";

/** What is known of a source beside what pg_dump writes, and the snapshot that pg_dump is to read in. */
export interface HeldSource {
  readonly encoding: string;
  readonly systemIdentifier?: string;
  readonly snapshotLsn?: string;
  readonly xmin: string;
  /** The name under which other sessions find the snapshot. */
  readonly snapshot: string;
  readonly rowSettings: Readonly<Record<string, string>>;
  /** Whether the server writes `bytea` in another way than as hexadecimal digits. */
  readonly writesByteaOtherwise: boolean;
  readonly notIncluded: readonly NotIncluded[];
  /** Lets the snapshot go. */
  end(): Promise<SnapshotHeld>;
}

export interface HoldOptions {
  /** One that somebody else exported and holds. */
  readonly snapshot?: string;
  /** Whether rows, and optimizer statistics, are dumped: what is not in the backup depends on it. */
  readonly data: boolean;
  readonly statistics: boolean;
}

/**
 * Takes a snapshot in a fresh connection, which speaks binary strings, and holds it until its end.
 * It is the other engine's: it knows the catalogues.
 */
export type HoldSource = (connection: PgConnection, options: HoldOptions) => Promise<HeldSource>;
