import type { MysqlChannel } from "./auth/channel.ts";
import { type AuthPlugin, firstPlugin, type PluginContext, pluginNamed } from "./auth/plugins.ts";
import type { MysqlConnectionSpec } from "./connection-spec.ts";
import { type Greeting, handshakeResponse, sharedCapabilities } from "./handshake.ts";
import type { PacketInbox } from "./packet-inbox.ts";
import type { PacketLink } from "./packet-link.ts";
import { malformed, PacketReader } from "./packets/packet-reader.ts";
import { loginError, readServerFault } from "./server-error.ts";

const ok = 0x00;
const moreData = 0x01;
const switchPlugin = 0xfe;
const failure = 0xff;
/** More steps than any plugin has: a server must not keep us busy for ever. */
const maxSteps = 16;

/**
 * Answers the greeting and logs in, by whatever plugin the account has.
 * @throws MysqlServerError AUTH; BackupError AUTH for a plugin that is not known or not fit for the channel, PROTOCOL
 */
export async function login(
  link: PacketLink,
  inbox: PacketInbox,
  greeting: Greeting,
  channel: MysqlChannel,
  spec: MysqlConnectionSpec,
): Promise<void> {
  const password = spec.password?.reveal() ?? "";
  const contextOf = (nonce: Buffer): PluginContext => ({ password, nonce, channel, policy: spec.authentication });
  const first = firstPlugin(greeting.authPlugin);
  let plugin: AuthPlugin = first.plugin;
  let context = contextOf(greeting.nonce);
  const capabilities = sharedCapabilities(greeting, spec, channel.kind === "tls");
  void link.sendReply(handshakeResponse(spec, capabilities, first.name, plugin.begin(context)));
  for (let step = 0; step < maxSteps; step++) {
    const packet = await inbox.next();
    switch (packet[0]) {
      case ok:
        return;
      case failure:
        throw loginError(readServerFault(packet));
      case switchPlugin: {
        const wanted = readSwitch(packet);
        plugin = pluginNamed(wanted.name);
        context = contextOf(wanted.data.subarray(0, plugin.nonceLength));
        void link.sendReply(plugin.begin(context));
        break;
      }
      default: {
        // MariaDB puts no byte in front of what cannot be taken for something else.
        const data = packet[0] === moreData ? packet.subarray(1) : packet;
        if (plugin.more === undefined) throw malformed("a step of the login that nothing asked for");
        const answer = plugin.more(data, context);
        if (answer !== undefined) void link.sendReply(answer);
      }
    }
  }
  throw malformed("no end of the login");
}

/** (MySQL source documentation, "Protocol::AuthSwitchRequest".) One byte alone asks for what MySQL 4.0 had. */
function readSwitch(packet: Buffer): { readonly name: string; readonly data: Buffer } {
  if (packet.length === 1) return { name: "mysql_old_password", data: packet.subarray(1) };
  const reader = new PacketReader(packet);
  reader.skip(1);
  const name = reader.zeroTerminated().toString("latin1");
  return { name, data: Buffer.from(reader.rest()) };
}
