/** One connection keyword of libpq, or of ours. */
export interface Keyword {
  readonly name: string;
  /** The environment variable that gives it when nothing else does. */
  readonly variable?: string;
  /** Why it cannot be honoured; using it is an error. */
  readonly refused?: string;
  /** Not known to libpq. */
  readonly ours?: true;
}

const noGss = "GSSAPI is not supported";
const noOauth = "OAuth is not supported";

/**
 * All connection keywords of libpq 18, in its order, and our own at the end. Each works as in libpq or is refused by name,
 * so that no setting is ever ignored; docs/connection.md describes them one by one.
 */
export const keywords: readonly Keyword[] = [
  { name: "service", variable: "PGSERVICE" },
  // libpq 19 knows it as a keyword; before, only the variable.
  { name: "servicefile", variable: "PGSERVICEFILE" },
  { name: "user", variable: "PGUSER" },
  { name: "password", variable: "PGPASSWORD" },
  { name: "passfile", variable: "PGPASSFILE" },
  { name: "channel_binding", variable: "PGCHANNELBINDING" },
  { name: "connect_timeout", variable: "PGCONNECT_TIMEOUT" },
  { name: "dbname", variable: "PGDATABASE" },
  { name: "host", variable: "PGHOST" },
  { name: "hostaddr", variable: "PGHOSTADDR" },
  { name: "port", variable: "PGPORT" },
  { name: "client_encoding", variable: "PGCLIENTENCODING" },
  { name: "options", variable: "PGOPTIONS" },
  { name: "application_name", variable: "PGAPPNAME" },
  { name: "fallback_application_name" },
  { name: "keepalives" },
  { name: "keepalives_idle" },
  { name: "keepalives_interval" },
  { name: "keepalives_count" },
  { name: "tcp_user_timeout" },
  { name: "sslmode", variable: "PGSSLMODE" },
  { name: "sslnegotiation", variable: "PGSSLNEGOTIATION" },
  { name: "sslcompression", variable: "PGSSLCOMPRESSION" },
  { name: "sslcert", variable: "PGSSLCERT" },
  { name: "sslkey", variable: "PGSSLKEY" },
  { name: "sslcertmode", variable: "PGSSLCERTMODE" },
  { name: "sslpassword" },
  { name: "sslrootcert", variable: "PGSSLROOTCERT" },
  { name: "sslcrl", variable: "PGSSLCRL" },
  { name: "sslcrldir", variable: "PGSSLCRLDIR" },
  { name: "sslsni", variable: "PGSSLSNI" },
  { name: "requirepeer", variable: "PGREQUIREPEER", refused: "Node.js cannot tell who owns the other end of a socket" },
  { name: "require_auth", variable: "PGREQUIREAUTH" },
  { name: "min_protocol_version", variable: "PGMINPROTOCOLVERSION" },
  { name: "max_protocol_version", variable: "PGMAXPROTOCOLVERSION" },
  { name: "ssl_min_protocol_version", variable: "PGSSLMINPROTOCOLVERSION" },
  { name: "ssl_max_protocol_version", variable: "PGSSLMAXPROTOCOLVERSION" },
  { name: "gssencmode", variable: "PGGSSENCMODE" },
  { name: "krbsrvname", variable: "PGKRBSRVNAME", refused: noGss },
  { name: "gsslib", variable: "PGGSSLIB", refused: noGss },
  { name: "gssdelegation", variable: "PGGSSDELEGATION", refused: noGss },
  { name: "replication" },
  { name: "target_session_attrs", variable: "PGTARGETSESSIONATTRS" },
  { name: "load_balance_hosts", variable: "PGLOADBALANCEHOSTS" },
  { name: "scram_client_key" },
  { name: "scram_server_key" },
  { name: "oauth_issuer", refused: noOauth },
  { name: "oauth_client_id", refused: noOauth },
  { name: "oauth_client_secret", refused: noOauth },
  { name: "oauth_scope", refused: noOauth },
  { name: "sslkeylogfile", refused: "the keys of a backup's connections are not written to files" },
  { name: "scram_max_iterations", ours: true },
];

const byName = new Map(keywords.map((keyword) => [keyword.name, keyword]));

export function findKeyword(name: string): Keyword | undefined {
  return byName.get(name);
}
