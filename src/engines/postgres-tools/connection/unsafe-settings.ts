import { BackupError } from "../../../core/backup-error.ts";
import { type ConnectionSpec, defaultMaxScramIterations } from "../../../wire/postgres/connection-spec.ts";

/**
 * Refuses what a connection of ours does and stock tools cannot be told, or not without showing a secret.
 * @param major of the tool, whose libpq is of the same version
 * @throws BackupError CONFIG
 */
export function refuseUnsafeSettings(spec: ConnectionSpec, major: number): void {
  for (const [setting, why] of refusedSettings(spec, major)) {
    throw new BackupError({
      code: "CONFIG",
      message: `${setting} cannot be given to tools of version ${major}: ${why}`,
      hint: `leave out ${setting}, or use --engine native`,
    });
  }
}

const newer = (version: number): string => `version ${version} is the first that knows it`;

function* refusedSettings(spec: ConnectionSpec, major: number): Generator<[setting: string, why: string]> {
  const { tls, authentication, protocol, hosts } = spec;
  const [host] = hosts;
  if (tls.clientCertificate?.files?.hasPassword === true) yield ["sslpassword", "it would be readable by others"];
  if (authentication.scramClientKey !== undefined) yield ["scram_client_key", "it would be readable by others"];
  if (authentication.scramServerKey !== undefined) yield ["scram_server_key", "it would be readable by others"];
  if (authentication.maxScramIterations < defaultMaxScramIterations)
    yield ["scram_max_iterations", "they have no limit"];
  if (authentication.channelBinding === "require" && major < 13) yield ["channel_binding=require", newer(13)];
  if (authentication.allowed !== undefined && major < 16) yield ["require_auth", newer(16)];
  if (tls.negotiation === "direct" && major < 17) yield ["sslnegotiation=direct", newer(17)];
  if (tls.roots.kind === "system" && major < 16) yield ["sslrootcert=system", newer(16)];
  if (tls.certificateMode === "require" && major < 16) yield ["sslcertmode=require", newer(16)];
  if (tls.maxVersion !== undefined && major < 13) yield ["ssl_max_protocol_version", newer(13)];
  if (tls.minVersion !== undefined && tls.minVersion !== "TLSv1.2" && major < 13) {
    yield ["ssl_min_protocol_version", newer(13)];
  }
  if (protocol.maxMinor > 0 && major < 18) yield ["max_protocol_version", newer(18)];
  if (host?.kind === "unix" && host.folder.startsWith("@") && major < 14) {
    yield ["a socket in the abstract name space", newer(14)];
  }
  if (/[\n\r\0]/.test(host?.password?.reveal() ?? ""))
    yield ["a password of several lines", "their password file has lines"];
}
