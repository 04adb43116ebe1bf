import { BackupError } from "../../core/backup-error.ts";
import { shownText, textForPeople } from "../net/shown-text.ts";
import { cachingSha2Proof, nativePasswordProof } from "./auth/proofs.ts";
import type { MysqlConnectionSpec } from "./connection-spec.ts";
import { type Greeting, handshakeResponse, readGreeting, sharedCapabilities } from "./handshake.ts";
import type { PacketInbox } from "./packet-inbox.ts";
import type { PacketLink } from "./packet-link.ts";
import { PacketReader } from "./packets/packet-reader.ts";
import { MysqlServerError, readServerFault } from "./server-error.ts";

const ok = 0x00;
const moreData = 0x01;
const switchPlugin = 0xfe;
const failure = 0xff;
/** Second byte of `moreData` of caching_sha2_password: the proof was right; the password itself is wanted. */
const fastDone = 3;

/**
 * Reads the greeting and logs in.
 * @throws MysqlServerError AUTH; BackupError AUTH for a plugin that is not known, PROTOCOL
 */
export async function login(link: PacketLink, inbox: PacketInbox, spec: MysqlConnectionSpec): Promise<Greeting> {
  const greeting = readGreeting(await inbox.next());
  const plugin = isKnown(greeting.authPlugin) ? greeting.authPlugin : "mysql_native_password";
  const capabilities = sharedCapabilities(greeting, spec);
  const proof = proofFor(plugin, spec, greeting.nonce);
  void link.sendReply(handshakeResponse(spec, capabilities, plugin, proof));
  for (;;) {
    const packet = await inbox.next();
    switch (packet[0]) {
      case ok:
        return greeting;
      case failure:
        throw new MysqlServerError(readServerFault(packet), { code: "AUTH", doing: "logging in" });
      case switchPlugin:
        void link.sendReply(afterSwitch(packet, spec));
        break;
      case moreData:
        if (packet[1] !== fastDone) throw unknownPlugin("caching_sha2_password without TLS");
        break;
      default:
        throw unknownPlugin("an unknown kind");
    }
  }
}

/** (MySQL source documentation, "Protocol::AuthSwitchRequest".) */
function afterSwitch(packet: Buffer, spec: MysqlConnectionSpec): Buffer {
  const reader = new PacketReader(packet);
  reader.skip(1);
  const plugin = reader.zeroTerminated().toString("latin1");
  const nonce = Buffer.from(reader.rest()).subarray(0, 20);
  return proofFor(plugin, spec, nonce);
}

function isKnown(plugin: string): boolean {
  return plugin === "mysql_native_password" || plugin === "caching_sha2_password";
}

function proofFor(plugin: string, spec: MysqlConnectionSpec, nonce: Buffer): Buffer {
  const password = spec.password?.reveal() ?? "";
  if (plugin === "mysql_native_password") return nativePasswordProof(password, nonce);
  if (plugin === "caching_sha2_password") return cachingSha2Proof(password, nonce);
  throw unknownPlugin(shownText(textForPeople(Buffer.from(plugin, "latin1"))));
}

function unknownPlugin(plugin: string): BackupError {
  return new BackupError({
    code: "AUTH",
    message: `the server wants authentication by "${plugin}", which is not supported`,
    hint: "log in as a user of another authentication plugin",
  });
}
