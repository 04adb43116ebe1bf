/** A server that speaks PostgreSQL's protocol and is something else. */
export interface LookAlike {
  readonly name: string;
  /** In what `version()` or the server_version parameter says. */
  readonly pattern: RegExp;
}

/**
 * Other products by what they say of themselves. They share the protocol and parts of the catalogue; a dump made by
 * PostgreSQL's rules would silently miss what is their own.
 */
export const lookAlikes: readonly LookAlike[] = [
  { name: "Amazon Redshift", pattern: /\bRedshift\b/i },
  { name: "CockroachDB", pattern: /\bCockroachDB\b/i },
  { name: "YugabyteDB", pattern: /-YB-/ },
  { name: "Greenplum", pattern: /\bGreenplum\b/i },
  { name: "Apache Cloudberry", pattern: /\bCloudberry\b/i },
  { name: "EDB Postgres Advanced Server", pattern: /\bEnterpriseDB\b.*Advanced Server|Advanced Server/i },
  { name: "openGauss", pattern: /\b(openGauss|GaussDB)\b/i },
  { name: "Materialize", pattern: /\bMaterialize\b/i },
  { name: "RisingWave", pattern: /\bRisingWave\b/i },
  { name: "CrateDB", pattern: /\bCrateDB\b/i },
  { name: "QuestDB", pattern: /\bQuestDB\b/i },
  { name: "H2", pattern: /\bH2\b/ },
  { name: "Vertica", pattern: /\bVertica\b/i },
  { name: "the admin console of PgBouncer", pattern: /\/bouncer\b/ },
];

/** Parameters that only one of them reports at login. */
export const tellingParameters: ReadonlyMap<string, string> = new Map([
  ["crdb_version", "CockroachDB"],
  ["padb_version", "Amazon Redshift"],
  ["padb_revision", "Amazon Redshift"],
  ["mz_version", "Materialize"],
]);
