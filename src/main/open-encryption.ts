import type { EncryptionServices } from "../ports/encryption.ts";
import { newKeyText } from "../secrets/generate-key.ts";
import { parseKey } from "../secrets/parse-key.ts";
import { readKeySources } from "../secrets/read-key-sources.ts";
import { containerFacts } from "../stages/encryption/container-facts.ts";
import { createDecryption, createEncryption, createRotation } from "../stages/encryption/encryption.ts";
import { keyIdOfMaterial } from "../stages/encryption/key-roles.ts";
import { askPassphrase } from "./ask-passphrase.ts";

const surroundings = { environment: process.env };

/** Keys as the user names them, and files encrypted with them. */
export const encryptionServices: EncryptionServices = {
  encryption: async (sources) => {
    const asked = { ...surroundings, askPassphrase: () => askPassphrase("twice") };
    return createEncryption(await readKeySources(sources, asked));
  },
  decryption: async (sources) => {
    const asked = { ...surroundings, askPassphrase: () => askPassphrase("once") };
    return createDecryption(await readKeySources(sources, asked));
  },
  rotation: async (old, renewed) => {
    const keys = await readKeySources(old, { ...surroundings, askPassphrase: () => askPassphrase("once", "old ") });
    const asked = { ...surroundings, askPassphrase: () => askPassphrase("twice", "new ") };
    return createRotation(keys, await readKeySources(renewed, asked));
  },
  facts: containerFacts,
  generate: (kind) => {
    const { text, recipient } = newKeyText(kind);
    const keyId = keyIdOfMaterial(parseKey(Buffer.from(text.reveal()), "new key"))!;
    return { text, keyId, ...(recipient === undefined ? {} : { recipient }) };
  },
};
