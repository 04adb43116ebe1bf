import type { Secret } from "../../core/secret.ts";
import type { KeepAliveSpec } from "../net/socket-transport.ts";
import type { TlsMaterial } from "../net/tls/tls-material.ts";

/**
 * How to reach a server: resolved once from flags, URL, service file, environment and defaults, then the same for every
 * worker, every retry and every cancel request. Immutable; prints without secrets.
 */
export interface ConnectionSpec {
  /** Tried in this order (or shuffled, see `loadBalanceHosts`) until one answers and fits `targetSessionAttrs`. */
  readonly hosts: readonly HostSpec[];
  readonly user: string;
  readonly database: string;
  readonly applicationName: string;
  /** Command-line options for the server process: `-c geqo=off`. */
  readonly options: string | undefined;
  /** Sent for sessions in binary text mode only; sessions in UTF-8 text mode always ask for UTF8. */
  readonly clientEncoding: string | undefined;
  /** For each address: from the first packet to the end of the login. 0 = no limit. */
  readonly connectTimeoutMs: number;
  readonly keepAlive: KeepAliveSpec;
  readonly targetSessionAttrs: TargetSessionAttrs;
  readonly loadBalanceHosts: boolean;
  readonly tls: TlsSpec;
  readonly authentication: AuthenticationSpec;
  /** Minor versions of protocol 3 that are asked for at most and accepted at least. */
  readonly protocol: { readonly maxMinor: number; readonly minMinor: number };
  /** What the user should know: an unchecked certificate, an ignored password file. */
  readonly warnings: readonly string[];
}

export type HostSpec = TcpHost | UnixHost;

export interface TcpHost {
  readonly kind: "tcp";
  /** As given: for messages, the certificate check and `.pgpass`. May be an address. */
  readonly host: string;
  /** Connect here without asking the resolver. */
  readonly address: string | undefined;
  readonly port: number;
  readonly password: Secret | undefined;
}

export interface UnixHost {
  readonly kind: "unix";
  /** The folder of the socket; beginning with `@` in the abstract name space. */
  readonly folder: string;
  readonly port: number;
  readonly password: Secret | undefined;
}

export type TargetSessionAttrs = "any" | "read-write" | "read-only" | "primary" | "standby" | "prefer-standby";

export const sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
export type SslMode = (typeof sslModes)[number];

export interface TlsSpec extends TlsMaterial {
  readonly mode: SslMode;
  /** `direct`: no question in clear before the handshake (PostgreSQL 17 and newer). */
  readonly negotiation: "postgres" | "direct";
  /** `require`: fail unless the server asked for our certificate. */
  readonly certificateMode: "disable" | "allow" | "require";
  /** Send the host's name in clear, for routers. */
  readonly sni: boolean;
}

export const authenticationMethods = ["password", "md5", "scram-sha-256", "none", "gss", "sspi", "oauth"] as const;
export type AuthenticationMethod = (typeof authenticationMethods)[number];

export interface AuthenticationSpec {
  readonly channelBinding: "disable" | "prefer" | "require";
  /**
   * Methods the server may use; undefined: any method that does not harm. `password` and, beyond loopback and TLS,
   * `md5` are only used when named here.
   */
  readonly allowed: ReadonlySet<AuthenticationMethod> | undefined;
  /** True when `allowed` was given as a list of wanted (not of unwanted) methods: consent to weak ones. */
  readonly allowedByName: boolean;
  readonly maxScramIterations: number;
  /** Keys that replace the password: SHA-256 sized. */
  readonly scramClientKey: Secret | undefined;
  readonly scramServerKey: Secret | undefined;
}

/** More rounds than this would let a server burn our processor for minutes. */
export const defaultMaxScramIterations = 100_000;

/** When connect_timeout is not given. libpq would wait for ever; a backup that hangs at 3 a.m. helps nobody. */
export const defaultConnectTimeoutMs = 60_000;

/** A plain specification with the defaults of everything not named; for tests and tools that know their server. */
export function connectionSpec(
  parts: Partial<ConnectionSpec> & Pick<ConnectionSpec, "hosts" | "user">,
): ConnectionSpec {
  return Object.freeze({
    database: parts.user,
    applicationName: "dbbackup",
    options: undefined,
    clientEncoding: undefined,
    connectTimeoutMs: defaultConnectTimeoutMs,
    keepAlive: { enabled: true, idleSeconds: undefined, intervalSeconds: undefined, count: undefined },
    targetSessionAttrs: "any",
    loadBalanceHosts: false,
    tls: noTls,
    authentication: {
      channelBinding: "prefer",
      allowed: undefined,
      allowedByName: false,
      maxScramIterations: defaultMaxScramIterations,
      scramClientKey: undefined,
      scramServerKey: undefined,
    },
    protocol: { maxMinor: 0, minMinor: 0 },
    warnings: [],
    ...parts,
  } satisfies ConnectionSpec);
}

const noTls: TlsSpec = {
  mode: "disable",
  negotiation: "postgres",
  roots: { kind: "none" },
  clientCertificate: undefined,
  certificateMode: "allow",
  revocationLists: [],
  minVersion: undefined,
  maxVersion: undefined,
  sni: true,
};

/** `host "db1", port 5432` or `socket "/tmp/.s.PGSQL.5432"`, for messages. */
export function describeHost(host: HostSpec): string {
  return host.kind === "unix" ? `socket "${socketPath(host)}"` : `host "${host.host}", port ${host.port}`;
}

export function socketPath(host: UnixHost): string {
  return `${host.folder}/.s.PGSQL.${host.port}`;
}
