import { isIP } from "node:net";
import { BackupError } from "../../core/backup-error.ts";
import { unlessAborted } from "../net/deadline.ts";
import { SocketTransport } from "../net/socket-transport.ts";
import type { Transport } from "../net/transport.ts";
import type { MysqlChannel } from "./auth/channel.ts";
import { Capability } from "./capability.ts";
import { describeHost, endpointOf, type MysqlConnectionSpec, type MysqlHost } from "./connection-spec.ts";
import { type Greeting, readGreeting, sslRequest } from "./handshake.ts";
import { login } from "./login.ts";
import { PacketInbox } from "./packet-inbox.ts";
import { PacketLink } from "./packet-link.ts";
import { maxPacketLength, PacketDecoder } from "./packets/packet-decoder.ts";
import { packets } from "./packets/write-packet.ts";
import { tlsFault } from "./tls-fault.ts";

export interface Established {
  readonly link: PacketLink;
  readonly greeting: Greeting;
  readonly channel: MysqlChannel;
  /** With the address that answered. */
  readonly host: MysqlHost;
}

/**
 * Opens the byte stream to a server, makes it secret as the specification says, and logs in.
 * @throws BackupError CONNECT, AUTH, PROTOCOL; the system's errors; the signal's reason
 */
export async function establish(spec: MysqlConnectionSpec, signal: AbortSignal): Promise<Established> {
  const { socket, host } = await connectAnyAddress(spec, signal);
  let link: PacketLink | undefined;
  try {
    const greeting = readGreeting(await unlessAborted(firstPacket(socket, spec), signal));
    const { transport, channel, sequence } = await secured(socket, greeting, spec, signal);
    const inbox = new PacketInbox((error) => error ?? new Error("the server closed the connection during the login"));
    link = new PacketLink(transport, inbox);
    link.decoder.sequence = sequence;
    await unlessAborted(login(link, inbox, greeting, channel, spec), signal);
    link.decoder.limit = maxPacketLength.afterLogin;
    return { link, greeting, channel, host };
  } catch (error) {
    link?.destroy();
    socket.destroy();
    throw error;
  }
}

interface Secured {
  readonly transport: Transport;
  readonly channel: MysqlChannel;
  /** Number of the last packet. */
  readonly sequence: number;
}

/** A Unix socket needs no TLS unless somebody insists on it. */
async function secured(
  socket: SocketTransport,
  greeting: Greeting,
  spec: MysqlConnectionSpec,
  signal: AbortSignal,
): Promise<Secured> {
  const { mode } = spec.tls;
  const plain: Secured = { transport: socket, channel: { kind: socket.kind, isVerified: false }, sequence: 0 };
  if (mode === "disable" || (mode === "prefer" && socket.kind === "unix")) return plain;
  if ((greeting.capabilities & Capability.ssl) === 0) {
    if (mode === "prefer") return plain;
    throw tlsFault(
      spec.host,
      "the server does not offer TLS",
      "set ssl_cert and ssl_key on the server, or use a weaker --ssl-mode",
    );
  }
  // Nothing but this may be sent in clear: the name of the user follows inside.
  void socket.write(packets(sslRequest(greeting, spec), 1));
  // Most connections on one machine need none, and Node's TLS takes milliseconds to load.
  const { secureTransport } = await import("./secure-transport.ts");
  const transport = await secureTransport(socket.socket, spec, signal);
  return { transport, channel: { kind: "tls", isVerified: mode === "verify-full" }, sequence: 1 };
}

/** The greeting, and not a byte more: what somebody put behind it would otherwise be taken as coming out of TLS. */
function firstPacket(socket: SocketTransport, spec: MysqlConnectionSpec): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const memory = new Uint8Array(maxPacketLength.beforeLogin);
    const decoder = new PacketDecoder();
    const received = (count: number): boolean => {
      decoder.feed(memory.subarray(0, count));
      const packet = decoder.next();
      decoder.keep();
      if (packet === undefined) return true;
      const copy = Buffer.from(packet);
      if (decoder.isEmpty || copy[0] === 0xff) resolve(copy);
      else reject(unexpectedBytes(spec));
      // What follows is for the next sink.
      return false;
    };
    socket.setSink({
      space: () => memory,
      received(count) {
        try {
          return received(count);
        } catch (error) {
          reject(error as Error);
          return false;
        }
      },
      ended: (error) => reject(error ?? new Error("the server closed the connection before it said a word")),
    });
    socket.resume();
  });
}

/** A name may have several addresses, of which the server listens to some: `localhost` often has two. */
async function connectAnyAddress(
  { host: wanted, keepAlive }: MysqlConnectionSpec,
  signal: AbortSignal,
): Promise<{ readonly socket: SocketTransport; readonly host: MysqlHost }> {
  let failure: unknown;
  for (const host of await unlessAborted(resolved(wanted), signal)) {
    try {
      return { socket: await SocketTransport.connect(endpointOf(host), keepAlive, signal), host };
    } catch (error) {
      signal.throwIfAborted();
      failure ??= error;
    }
  }
  throw failure;
}

async function resolved(host: MysqlHost): Promise<readonly MysqlHost[]> {
  if (host.kind === "unix" || host.address !== undefined || isIP(host.host) !== 0) return [host];
  const { lookup } = await import("node:dns/promises");
  return (await lookup(host.host, { all: true })).map(({ address }) => ({ ...host, address }));
}

function unexpectedBytes({ host }: MysqlConnectionSpec): BackupError {
  return new BackupError({
    code: "PROTOCOL",
    message: `${describeHost(host)} sent more than its greeting before it was answered`,
    object: describeHost(host),
    hint: "check that host and port are those of a MySQL or MariaDB server; somebody between may be changing the traffic",
  });
}
