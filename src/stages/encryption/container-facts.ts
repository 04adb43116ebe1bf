import type { ContainerFacts, NamedRecipient } from "../../ports/encryption.ts";
import type { OpenedObject } from "../../ports/storage.ts";
import { decodeHeader } from "./container-header.ts";
import { readHeader } from "./container-object.ts";
import { StanzaType } from "./stanza.ts";

const kinds: ReadonlyMap<number, NamedRecipient["kind"]> = new Map([
  [StanzaType.rawKey, "raw key"],
  [StanzaType.argon2, "passphrase"],
  [StanzaType.pbkdf2, "passphrase (PBKDF2)"],
  [StanzaType.x25519, "X25519"],
  [StanzaType.p256, "P-256"],
  [StanzaType.transit, "Vault transit"],
]);

/**
 * For whom a file was encrypted, as its header says it.
 * @throws BackupError DAMAGED, UNSUPPORTED_FORMAT, IO
 */
export async function containerFacts(stored: OpenedObject): Promise<ContainerFacts> {
  const { stanzas, frameSize } = decodeHeader(await readHeader(stored));
  const recipients = stanzas.map(({ type, keyId }) => ({
    kind: kinds.get(type) ?? ("unknown" as const),
    keyId: keyId.toString("hex"),
  }));
  return { recipients, frameSize };
}
