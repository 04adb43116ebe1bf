import { BackupError } from "../../core/backup-error.ts";
import type { PgConnection } from "./connection.ts";
import { type ConnectionSpec, describeHost, type HostSpec } from "./connection-spec.ts";
import { isUnreachable } from "./establish.ts";
import { fitsSession } from "./session-attributes.ts";
import { shuffle } from "./shuffle.ts";

/**
 * Tries the hosts of a specification in turn. A host that does not answer or is of the wrong kind is passed over; one
 * that answers and refuses the login ends the search, as with libpq: the next host would refuse it too.
 */
export async function connectAnyHost(
  spec: ConnectionSpec,
  connect: (host: HostSpec) => Promise<PgConnection>,
): Promise<PgConnection> {
  const hosts = [...spec.hosts];
  if (spec.loadBalanceHosts) shuffle(hosts);
  const wanted = spec.targetSessionAttrs;
  const failures: BackupError[] = [];
  // "prefer-standby": a first round for standbys only, a second for any.
  for (const attributes of wanted === "prefer-standby" ? (["standby", "any"] as const) : [wanted]) {
    for (const host of hosts) {
      try {
        const connection = await connect(host);
        if (attributes === "any" || (await fitsSession(connection, attributes))) return connection;
        await connection.close();
        failures.push(wrongKind(host, attributes));
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        failures.push(error);
      }
    }
  }
  throw allFailed(failures);
}

function wrongKind(host: HostSpec, attributes: string): BackupError {
  return new BackupError({
    code: "CONNECT",
    message: `${describeHost(host)} is not what target_session_attrs=${attributes} asks for`,
    object: describeHost(host),
    hint: "name the right host, or change target_session_attrs",
  });
}

function allFailed(failures: readonly BackupError[]): BackupError {
  const distinct = [...new Map(failures.map((failure) => [failure.message, failure])).values()];
  if (distinct.length === 1) return distinct[0]!;
  return new BackupError({
    code: "CONNECT",
    message: "cannot connect to any of the hosts",
    details: distinct.map((failure) => failure.message),
    hint: distinct[0]!.hint ?? "check the hosts and ports",
    retry: "maybe",
    cause: distinct[0],
  });
}
