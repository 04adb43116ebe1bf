import type { Encryption, EncryptionServices, KeySources } from "../ports/encryption.ts";
import { newKeyText } from "../secrets/generate-key.ts";
import { parseKey } from "../secrets/parse-key.ts";
import { readKeySources, readSignKey, readVerifyKeys } from "../secrets/read-key-sources.ts";
import { containerFacts } from "../stages/encryption/container-facts.ts";
import { createDecryption, createEncryption, createRotation } from "../stages/encryption/encryption.ts";
import { keyIdOfMaterial } from "../stages/encryption/key-roles.ts";
import { isSignedBy, signMessage } from "../stages/encryption/writer-signature.ts";
import { askPassphrase } from "./ask-passphrase.ts";

const surroundings = { environment: process.env };

/** Keys as the user names them, and files encrypted with them. */
export const encryptionServices: EncryptionServices = {
  encryption: async (sources) => {
    const asked = { ...surroundings, askPassphrase: () => askPassphrase("twice") };
    return await withSignature(createEncryption(await readKeySources(sources, asked)), sources);
  },
  decryption: async (sources) => {
    const asked = { ...surroundings, askPassphrase: () => askPassphrase("once") };
    const decryption = createDecryption(await readKeySources(sources, asked));
    const writers = await readVerifyKeys(sources);
    if (writers.length === 0) return decryption;
    return { ...decryption, isSigned: (message, signature) => isSignedBy(message, signature, writers) };
  },
  rotation: async (old, renewed) => {
    const keys = await readKeySources(old, { ...surroundings, askPassphrase: () => askPassphrase("once", "old ") });
    const asked = { ...surroundings, askPassphrase: () => askPassphrase("twice", "new ") };
    const rotation = createRotation(keys, await readKeySources(renewed, asked));
    return { ...rotation, encryption: await withSignature(rotation.encryption, renewed) };
  },
  facts: containerFacts,
  generate: (kind) => {
    const made = newKeyText(kind);
    if (kind === "ed25519") return made;
    return { ...made, keyId: keyIdOfMaterial(parseKey(Buffer.from(made.text.reveal()), "new key"))! };
  },
};

async function withSignature(encryption: Encryption, sources: KeySources): Promise<Encryption> {
  const key = await readSignKey(sources);
  return key === undefined ? encryption : { ...encryption, sign: (message) => signMessage(message, key) };
}
