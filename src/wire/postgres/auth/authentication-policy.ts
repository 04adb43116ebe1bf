import { BackupError } from "../../../core/backup-error.ts";
import type { AuthenticationMethod, AuthenticationSpec } from "../connection-spec.ts";
import type { ChannelSecurity } from "./channel-security.ts";

/**
 * Whether we answer what a server asks for. The server chooses the method, so a false server could ask for one that
 * gives the password away: clear text needs consent by name and a channel nobody else reads; md5, whose answer can be
 * replayed by whoever knows the stored hash and guessed offline, needs consent beyond this machine and TLS.
 * @throws BackupError AUTH
 */
export function checkMethodAllowed(
  method: AuthenticationMethod,
  spec: AuthenticationSpec,
  channel: ChannelSecurity,
): void {
  if (spec.allowed !== undefined && !spec.allowed.has(method)) {
    throw new BackupError({
      code: "AUTH",
      message: `the server asks for authentication method "${method}", which require_auth does not allow`,
      hint: `check pg_hba.conf of the server, or add "${method}" to require_auth`,
    });
  }
  if (spec.channelBinding === "require" && method !== "scram-sha-256") {
    throw new BackupError({
      code: "AUTH",
      message: `channel binding is required, but the server asks for authentication method "${method}"`,
      hint: "use scram-sha-256 in pg_hba.conf over TLS, or set channel_binding=prefer",
    });
  }
  const consented = spec.allowedByName && spec.allowed?.has(method) === true;
  if (method === "password") checkClearText(consented, channel);
  if (method === "md5" && !consented && channel.kind === "tcp" && !channel.isLoopback) {
    throw new BackupError({
      code: "AUTH",
      message: "the server asks for an md5 password over an unencrypted network connection",
      hint: "use sslmode=require or better, or store the password as scram-sha-256; require_auth=md5 allows it nevertheless",
    });
  }
}

function checkClearText(consented: boolean, channel: ChannelSecurity): void {
  if (!consented) {
    throw new BackupError({
      code: "AUTH",
      message: "the server asks for the password in clear text",
      hint: "require_auth=password allows it, over a Unix socket or TLS with sslmode=verify-full only",
    });
  }
  if (channel.kind !== "unix" && !channel.isVerified) {
    throw new BackupError({
      code: "AUTH",
      message: "the server asks for the password in clear text over a connection that is not verified",
      hint: "use sslmode=verify-full with sslrootcert, or the Unix socket",
    });
  }
}
