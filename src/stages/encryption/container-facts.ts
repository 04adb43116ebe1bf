import type { ContainerFacts, KeyFileBytes, NamedRecipient } from "../../ports/encryption.ts";
import type { OpenedObject } from "../../ports/storage.ts";
import { decodeHeader } from "./container-header.ts";
import { readHeader } from "./container-object.ts";
import { decodeSidecar } from "./sidecar.ts";
import { type Stanza, StanzaType } from "./stanza.ts";

const kinds: ReadonlyMap<number, NamedRecipient["kind"]> = new Map([
  [StanzaType.rawKey, "raw key"],
  [StanzaType.argon2, "passphrase"],
  [StanzaType.pbkdf2, "passphrase (PBKDF2)"],
  [StanzaType.x25519, "X25519"],
  [StanzaType.p256, "P-256"],
  [StanzaType.transit, "Vault transit"],
]);

/**
 * For whom a file was encrypted, as its header and the key files beside it say it.
 * @throws BackupError DAMAGED, UNSUPPORTED_FORMAT, IO
 */
export async function containerFacts(stored: OpenedObject, keyFiles: readonly KeyFileBytes[]): Promise<ContainerFacts> {
  const header = decodeHeader(await readHeader(stored));
  const sidecars = keyFiles
    .map((file) => decodeSidecar(file, header))
    .map(({ name, epoch, stanzas }) => ({ name, epoch, recipients: recipientsOf(stanzas) }))
    .toSorted((a, b) => (a.epoch < b.epoch ? 1 : -1));
  return { recipients: recipientsOf(header.stanzas), frameSize: header.frameSize, keyFiles: sidecars };
}

function recipientsOf(stanzas: readonly Stanza[]): NamedRecipient[] {
  return stanzas.map(({ type, keyId }) => ({
    kind: kinds.get(type) ?? ("unknown" as const),
    keyId: keyId.toString("hex"),
  }));
}
