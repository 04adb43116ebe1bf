import type { KeyObject } from "node:crypto";
import type { Secret } from "../../core/secret.ts";
import type { Endpoint, KeepAliveSpec } from "../net/socket-transport.ts";
import type { TlsMaterial } from "../net/tls/tls-material.ts";

/** How to reach a server: resolved once, then the same for every session. Immutable; prints without secrets. */
export interface MysqlConnectionSpec {
  readonly host: MysqlHost;
  readonly user: string;
  readonly password: Secret | undefined;
  /** The database to begin in; undefined: none. */
  readonly database: string | undefined;
  /** From the first packet to the end of the login. 0 = no limit. */
  readonly connectTimeoutMs: number;
  readonly keepAlive: KeepAliveSpec;
  readonly tls: MysqlTlsSpec;
  readonly authentication: MysqlAuthenticationSpec;
  /** The session may load rows with LOAD DATA LOCAL. Absent: the server is told that it gets none. */
  readonly sendsFiles?: boolean;
  /** What the user should know: an unchecked certificate, an ignored option file. */
  readonly warnings: readonly string[];
  /** Shown in performance_schema.session_connect_attrs as `program_name`. */
  readonly applicationName: string;
}

/** libpq's words for what MySQL calls DISABLED, PREFERRED, REQUIRED, VERIFY_CA and VERIFY_IDENTITY. */
export const mysqlTlsModes = ["disable", "prefer", "require", "verify-ca", "verify-full"] as const;
export type MysqlTlsMode = (typeof mysqlTlsModes)[number];

export interface MysqlTlsSpec extends TlsMaterial {
  /** `prefer` and stronger. Trusted roots that are there are used with every mode. */
  readonly mode: MysqlTlsMode;
}

export interface MysqlAuthenticationSpec {
  /** The server may have the password itself, over a Unix socket or TLS that proved who it is. */
  readonly clearPassword: boolean;
  /** RSA key of the server, to send it the password over TCP without TLS. */
  readonly serverPublicKey: KeyObject | undefined;
  /** Believe whatever key the server sends: who is between can then read the password. */
  readonly askForPublicKey: boolean;
}

export type MysqlHost =
  | {
      readonly kind: "tcp";
      /** As given: for messages and the certificate check. May be an address. */
      readonly host: string;
      readonly port: number;
      /** What the name resolved to for the first session: the others go there too. */
      readonly address?: string;
    }
  | { readonly kind: "unix"; readonly path: string };

export const defaultConnectTimeoutMs = 60_000;

/** A plain specification with the defaults of everything not named; for tests and tools that know their server. */
export function mysqlConnectionSpec(
  parts: Partial<MysqlConnectionSpec> & Pick<MysqlConnectionSpec, "host" | "user">,
): MysqlConnectionSpec {
  return Object.freeze({
    password: undefined,
    database: undefined,
    connectTimeoutMs: defaultConnectTimeoutMs,
    keepAlive: { enabled: true, idleSeconds: undefined, intervalSeconds: undefined, count: undefined },
    tls: noTls,
    authentication: { clearPassword: false, serverPublicKey: undefined, askForPublicKey: false },
    warnings: [],
    applicationName: "dbbackup",
    ...parts,
  } satisfies MysqlConnectionSpec);
}

const noTls: MysqlTlsSpec = {
  mode: "disable",
  roots: { kind: "none" },
  clientCertificate: undefined,
  revocationLists: [],
  minVersion: undefined,
  maxVersion: undefined,
};

export function describeHost(host: MysqlHost): string {
  return host.kind === "unix" ? `socket "${host.path}"` : `host "${host.host}", port ${host.port}`;
}

/** Where a host is, its name being resolved. */
export function endpointOf(host: MysqlHost): Endpoint {
  return host.kind === "unix" ? host : { kind: "tcp", address: host.address ?? host.host, port: host.port };
}
