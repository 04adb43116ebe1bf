import type { ChannelSecurity } from "./auth/channel-security.ts";
import type { ConnectionSpec, HostSpec } from "./connection-spec.ts";
import { type Endpoint, SocketTransport } from "./socket-transport.ts";
import type { Transport } from "./transport.ts";

export interface OpenedChannel {
  readonly transport: Transport;
  readonly security: ChannelSecurity;
}

/** Opens the byte stream to one address of a host. */
export async function openTransport(
  _host: HostSpec,
  endpoint: Endpoint,
  spec: ConnectionSpec,
  signal: AbortSignal,
): Promise<OpenedChannel> {
  const transport = await SocketTransport.connect(endpoint, spec.keepAlive, signal);
  const security = {
    kind: transport.kind,
    isLoopback: transport.kind === "unix" || isLoopback(transport.socket.remoteAddress ?? ""),
    isVerified: false,
    certificate: undefined,
  };
  return { transport, security };
}

function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\./.test(address);
}
