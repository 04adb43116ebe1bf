import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { keywords } from "./keywords.ts";

/** What PQconndefaults() of libpq 18 lists: keyword and environment variable. */
const libpq18 = `
service PGSERVICE
user PGUSER
password PGPASSWORD
passfile PGPASSFILE
channel_binding PGCHANNELBINDING
connect_timeout PGCONNECT_TIMEOUT
dbname PGDATABASE
host PGHOST
hostaddr PGHOSTADDR
port PGPORT
client_encoding PGCLIENTENCODING
options PGOPTIONS
application_name PGAPPNAME
fallback_application_name
keepalives
keepalives_idle
keepalives_interval
keepalives_count
tcp_user_timeout
sslmode PGSSLMODE
sslnegotiation PGSSLNEGOTIATION
sslcompression PGSSLCOMPRESSION
sslcert PGSSLCERT
sslkey PGSSLKEY
sslcertmode PGSSLCERTMODE
sslpassword
sslrootcert PGSSLROOTCERT
sslcrl PGSSLCRL
sslcrldir PGSSLCRLDIR
sslsni PGSSLSNI
requirepeer PGREQUIREPEER
require_auth PGREQUIREAUTH
min_protocol_version PGMINPROTOCOLVERSION
max_protocol_version PGMAXPROTOCOLVERSION
ssl_min_protocol_version PGSSLMINPROTOCOLVERSION
ssl_max_protocol_version PGSSLMAXPROTOCOLVERSION
gssencmode PGGSSENCMODE
krbsrvname PGKRBSRVNAME
gsslib PGGSSLIB
gssdelegation PGGSSDELEGATION
replication
target_session_attrs PGTARGETSESSIONATTRS
load_balance_hosts PGLOADBALANCEHOSTS
scram_client_key
scram_server_key
oauth_issuer
oauth_client_id
oauth_client_secret
oauth_scope
sslkeylogfile`
  .trim()
  .split("\n");

/** Known to libpq 19, and to 18 as a variable only. */
const newer = "servicefile PGSERVICEFILE";

test("every keyword of libpq 18 is known, with its variable, and no other but ours", () => {
  const known = keywords
    .filter(({ ours }) => ours !== true)
    .map(({ name, variable }) => `${name} ${variable ?? ""}`.trim());
  expect(known.toSorted()).toEqual([...libpq18, newer].toSorted());
});

test("docs/connection.md describes the same keywords, and says which are refused", () => {
  const text = readFileSync(join(import.meta.dirname, "../../../../docs/connection.md"), "utf8");
  const table = text.slice(text.indexOf("## Keywords"), text.indexOf("## TLS"));
  const rows = Array.from(
    table.matchAll(/^\| `(\w+)` \|(?: `(\w+)`)? \| ?(.*) \|$/gm),
    ([, name, variable, meaning]) => ({
      name,
      variable,
      reason: /^refused: (.*)/.exec(meaning!)?.[1],
      ours: meaning!.startsWith("ours: ") || undefined,
    }),
  );
  expect(rows).toEqual(
    keywords.map(({ name, variable, refused, ours }) => ({ name, variable, reason: refused, ours })),
  );
});
