import { BackupError } from "../../core/backup-error.ts";
import { type Endpoint, SocketTransport } from "../net/socket-transport.ts";
import type { TlsTransport } from "../net/tls/tls-transport.ts";
import type { Transport } from "../net/transport.ts";
import type { ChannelSecurity } from "./auth/channel-security.ts";
import { type ConnectionSpec, describeHost, type HostSpec } from "./connection-spec.ts";
import { sslRequest } from "./messages/frontend-messages.ts";
import { tlsFault } from "./tls/tls-fault.ts";

export type Encryption = "plain" | "tls";

export interface OpenedChannel {
  readonly transport: Transport;
  readonly security: ChannelSecurity;
}

/**
 * Opens the byte stream to one address of a host. With `tls` and a mode that only prefers it, a server that has no TLS
 * gives a plain one.
 */
export async function openTransport(
  host: HostSpec,
  endpoint: Endpoint,
  encryption: Encryption,
  spec: ConnectionSpec,
  signal: AbortSignal,
): Promise<OpenedChannel> {
  const transport = await SocketTransport.connect(endpoint, spec.keepAlive, signal);
  try {
    if (encryption === "plain") return plainChannel(transport);
    if (spec.tls.negotiation === "postgres" && !(await offersTls(transport, host, signal))) {
      if (spec.tls.mode === "prefer") return plainChannel(transport);
      throw tlsFault(host, "the server does not offer TLS", "set ssl = on on the server, or use a weaker sslmode");
    }
    // Most connections on one machine need none, and Node's TLS takes milliseconds to load.
    const { secureTransport } = await import("./tls/secure-transport.ts");
    const secured = await secureTransport(transport.socket, host, spec.tls, signal);
    return { transport: secured, security: tlsSecurity(secured, transport, spec) };
  } catch (error) {
    transport.destroy();
    throw error;
  }
}

function plainChannel(transport: SocketTransport): OpenedChannel {
  const security = {
    kind: transport.kind,
    isLoopback: isLoopback(transport),
    isVerified: false,
    certificate: undefined,
  };
  return { transport, security };
}

function tlsSecurity(secured: TlsTransport, transport: SocketTransport, spec: ConnectionSpec): ChannelSecurity {
  return {
    kind: "tls",
    isLoopback: isLoopback(transport),
    isVerified: spec.tls.mode === "verify-full",
    certificate: secured.certificate,
  };
}

function isLoopback(transport: SocketTransport): boolean {
  const address = transport.socket.remoteAddress ?? "";
  return transport.kind === "unix" || address === "::1" || /^(::ffff:)?127\./.test(address);
}

/** Asks for TLS; the answer is one byte in clear. */
async function offersTls(transport: SocketTransport, host: HostSpec, signal: AbortSignal): Promise<boolean> {
  const answer = readAnswer(transport, signal);
  void transport.write(sslRequest());
  const bytes = await answer;
  const letter = String.fromCharCode(bytes[0]!);
  if (letter === "E") {
    // Its text is not shown: whoever sent it has proved nothing.
    throw tlsFault(host, "the server answered the question for TLS with an error", "look into the server's log");
  }
  if (letter !== "S" && letter !== "N") {
    throw unencryptedData(host, "the server answered the question for TLS with something unknown");
  }
  // Bytes that somebody put behind the answer would otherwise be taken as coming out of the encrypted stream.
  if (bytes.length > 1) throw unencryptedData(host, "unencrypted bytes came before the handshake");
  return letter === "S";
}

/** Its mode must not fall back to plain: `code` PROTOCOL says so. */
function unencryptedData(host: HostSpec, reason: string): BackupError {
  return new BackupError({
    code: "PROTOCOL",
    message: `no TLS connection to ${describeHost(host)}: ${reason}`,
    object: describeHost(host),
    hint: "check that host and port are those of a PostgreSQL server; somebody between may be changing the traffic",
  });
}

function readAnswer(transport: SocketTransport, signal: AbortSignal): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const memory = new Uint8Array(64);
    const abort = (): void => reject(signal.reason as Error);
    const settle = (then: () => void): void => {
      signal.removeEventListener("abort", abort);
      then();
    };
    signal.addEventListener("abort", abort, { once: true });
    transport.setSink({
      space: () => memory,
      received: (count) => {
        settle(() => resolve(memory.slice(0, count)));
        // What follows is for the TLS engine, or for the next sink.
        return false;
      },
      ended: (error) => settle(() => reject(error ?? new Error("the server closed the connection"))),
    });
  });
}
