import { BackupError } from "../../../core/backup-error.ts";
import type { MysqlToolVersion } from "../tool-version.ts";
import { fitsOptionFile } from "./option-file.ts";
import type { OpenedMysql } from "./tool-connection.ts";

/**
 * Refuses what a connection of ours does and stock tools cannot be told.
 * @throws BackupError CONFIG
 */
export function unsafeMysqlSettings(opened: OpenedMysql, tool: MysqlToolVersion): void {
  for (const [setting, why] of refusedSettings(opened, tool)) {
    throw new BackupError({
      code: "CONFIG",
      message: `${setting} cannot be given to the programs of ${tool.flavour === "mysql" ? "MySQL" : "MariaDB"} ${tool.text}: ${why}`,
      hint: `leave out ${setting}, or use --engine native`,
    });
  }
}

function* refusedSettings(
  { spec, channel }: OpenedMysql,
  { flavour }: MysqlToolVersion,
): Generator<[setting: string, why: string]> {
  const { tls, authentication } = spec;
  if (channel.kind === "tls") {
    if (tls.mode === "verify-full" && tls.roots.kind === "system") {
      yield ["--ssl-mode verify-full without --ssl-ca", "they want a file of trusted certificates"];
    }
    if (flavour === "mariadb" && tls.mode !== "verify-full" && tls.roots.kind !== "none") {
      yield [`--ssl-ca with --ssl-mode ${tls.mode}`, "they check the name in a certificate, too, or nothing"];
    }
    if (flavour === "mariadb" && splitCiphers(tls.ciphers).newer !== undefined) {
      yield ["tls-ciphersuites", "they have no such option"];
    }
    const oldest = tls.minVersion === "TLSv1" || tls.minVersion === "TLSv1.1";
    if (oldest || tls.maxVersion === "TLSv1" || tls.maxVersion === "TLSv1.1") {
      yield ["tls-version below TLSv1.2", "they take TLSv1.2 and TLSv1.3"];
    }
  }
  if (flavour === "mariadb" && authentication.serverPublicKey !== undefined) {
    yield ["server-public-key-path", "they have no such option"];
  }
  if (flavour === "mysql" && authentication.clearPassword && channel.kind !== "unix" && !channel.isVerified) {
    yield ["enable-cleartext-plugin", "they would send the password to whoever asks"];
  }
  for (const [name, value] of [
    ["a password", spec.password?.reveal() ?? ""],
    ["a user name", spec.user],
  ] as const) {
    if (!fitsOptionFile(value))
      yield [`${name} of more than 4,000 bytes or with a zero byte`, "their files have lines"];
  }
}

/** OpenSSL's own suites of TLS 1.3, which are named when older ciphers are. */
const usualSuites = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";

/** Ciphers of TLS 1.2 and older, and suites of TLS 1.3 when they are not the usual ones. */
export function splitCiphers(ciphers: string | undefined): {
  readonly older: string | undefined;
  readonly newer: string | undefined;
} {
  if (ciphers === undefined) return { older: undefined, newer: undefined };
  const names = ciphers.split(":");
  const suites = names.filter((name) => name.startsWith("TLS_")).join(":");
  return {
    older: names.filter((name) => !name.startsWith("TLS_")).join(":"),
    newer: suites === usualSuites ? undefined : suites,
  };
}
