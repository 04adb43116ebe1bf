import { BackupError } from "../../core/backup-error.ts";
import { shownText, textForPeople } from "../net/shown-text.ts";
import { Capability } from "./capability.ts";
import type { MysqlConnectionSpec } from "./connection-spec.ts";
import { PacketReader } from "./packets/packet-reader.ts";
import { MysqlServerError, readServerFault } from "./server-error.ts";

/** What the server says first. */
export interface Greeting {
  /** `8.4.0`, or `5.5.5-10.11.6-MariaDB` as MariaDB says it to old clients. */
  readonly versionText: string;
  readonly threadId: number;
  readonly capabilities: number;
  readonly authPlugin: string;
  /** 20 bytes that are mixed into the proof of the password. */
  readonly nonce: Buffer;
}

const protocolVersion = 10;
const nonceLength = 20;
/** utf8mb4_general_ci, which every supported server has. */
const utf8mb4 = 45;
/** What we take at most in one packet. */
const maxPacket = 1024 * 1024 * 1024;

/**
 * (MySQL source documentation, "Protocol::HandshakeV10".)
 * @throws MysqlServerError when the server turns us away; BackupError PROTOCOL
 */
export function readGreeting(packet: Buffer): Greeting {
  if (packet[0] === 0xff) throw new MysqlServerError(readServerFault(packet), { code: "CONNECT" });
  const reader = new PacketReader(packet);
  const version = reader.uint(1);
  if (version !== protocolVersion) throw notOurs();
  const versionText = shownText(textForPeople(reader.zeroTerminated()));
  const threadId = reader.uint(4);
  const first = Buffer.from(reader.bytes(8));
  reader.skip(1);
  const low = reader.uint(2);
  reader.skip(3);
  const capabilities = (low | (reader.uint(2) << 16)) >>> 0;
  const authLength = reader.uint(1);
  reader.skip(10);
  const second = Buffer.from(reader.bytes(Math.max(13, authLength - 8))).subarray(0, nonceLength - 8);
  const authPlugin = reader.left === 0 ? "mysql_native_password" : reader.zeroTerminated().toString("latin1");
  return { versionText, threadId, capabilities, authPlugin, nonce: Buffer.concat([first, second]) };
}

/** What we can do, and the server too. */
export function sharedCapabilities({ capabilities }: Greeting, spec: MysqlConnectionSpec, isTls: boolean): number {
  const wanted =
    Capability.longPassword |
    Capability.longFlag |
    Capability.protocol41 |
    Capability.transactions |
    Capability.secureConnection |
    Capability.multiResults |
    Capability.pluginAuth |
    Capability.connectAttributes |
    Capability.pluginAuthLengthEncoded |
    (spec.sendsFiles === true ? Capability.localFiles : 0) |
    (isTls ? Capability.ssl : 0) |
    (spec.database === undefined ? 0 : Capability.connectWithDatabase);
  return (wanted & capabilities) >>> 0;
}

/**
 * Asks the server to go on inside TLS: the beginning of the response, which follows inside as a whole.
 * (MySQL source documentation, "Protocol::SSLRequest".)
 */
export function sslRequest(greeting: Greeting, spec: MysqlConnectionSpec): Buffer {
  return responseHead(sharedCapabilities(greeting, spec, true));
}

function responseHead(capabilities: number): Buffer {
  const head = Buffer.alloc(32);
  head.writeUInt32LE(capabilities >>> 0, 0);
  head.writeUInt32LE(maxPacket, 4);
  head[8] = utf8mb4;
  return head;
}

/** (MySQL source documentation, "Protocol::HandshakeResponse41".) */
export function handshakeResponse(
  spec: MysqlConnectionSpec,
  capabilities: number,
  plugin: string,
  proof: Buffer,
): Buffer {
  const parts = [responseHead(capabilities), zeroTerminated(spec.user)];
  if ((capabilities & Capability.pluginAuthLengthEncoded) !== 0) parts.push(lengthEncoded(proof));
  else parts.push(Buffer.from([proof.length]), proof);
  if ((capabilities & Capability.connectWithDatabase) !== 0) parts.push(zeroTerminated(spec.database!));
  if ((capabilities & Capability.pluginAuth) !== 0) parts.push(zeroTerminated(plugin));
  if ((capabilities & Capability.connectAttributes) !== 0) {
    const pairs = ["_client_name", "dbbackup", "program_name", spec.applicationName].map((text) =>
      lengthEncoded(Buffer.from(text)),
    );
    parts.push(lengthEncoded(Buffer.concat(pairs)));
  }
  return Buffer.concat(parts);
}

function zeroTerminated(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

/** Short ones only: names, proofs. */
function lengthEncoded(bytes: Buffer): Buffer {
  if (bytes.length < 0xfb) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const head = Buffer.from([0xfc, 0, 0]);
  head.writeUInt16LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

function notOurs(): BackupError {
  return new BackupError({
    code: "PROTOCOL",
    message: "the server does not greet as MySQL or MariaDB do",
    hint: "check host and port",
  });
}
