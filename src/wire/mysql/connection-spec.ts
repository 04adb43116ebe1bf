import type { Secret } from "../../core/secret.ts";
import type { Endpoint, KeepAliveSpec } from "../net/socket-transport.ts";

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
  /** Shown in performance_schema.session_connect_attrs as `program_name`. */
  readonly applicationName: string;
}

export type MysqlHost =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
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
    applicationName: "dbbackup",
    ...parts,
  } satisfies MysqlConnectionSpec);
}

export function describeHost(host: MysqlHost): string {
  return host.kind === "unix" ? `socket "${host.path}"` : `host "${host.host}", port ${host.port}`;
}

/** @param address what the host's name resolved to */
export function endpointOf(host: MysqlHost, address?: string): Endpoint {
  return host.kind === "unix" ? host : { kind: "tcp", address: address ?? host.host, port: host.port };
}
