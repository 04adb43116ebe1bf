import { BackupError } from "../../core/backup-error.ts";
import type { Decryption, Encryption, KeyMaterial, KeyRotation, Opening } from "../../ports/encryption.ts";
import { EarlierObject } from "../earlier/earlier-object.ts";
import { decodeHeader, headerLength } from "./container-header.ts";
import { ContainerObject } from "./container-object.ts";
import { type DecryptOptions, decryptStream } from "./decrypt-stream.ts";
import { recordMac } from "./derive-keys.ts";
import { encryptedSpool } from "./encrypted-spool.ts";
import { EncryptingSink } from "./encrypting-sink.ts";
import { holderOf, recipientOf } from "./key-roles.ts";
import type { KeyHolder } from "./recipient.ts";
import { renewedKeys } from "./renewed-keys.ts";
import { unlockContainer } from "./unlock-container.ts";

const MAX_RECIPIENTS = 32;

/** @throws BackupError USAGE */
export function createEncryption(keys: readonly KeyMaterial[]): Encryption {
  const recipients = checkedRecipients(keys).map(recipientOf);
  return { open: (target, context) => EncryptingSink.open(target, { context, recipients }), spool: encryptedSpool };
}

function checkedRecipients(keys: readonly KeyMaterial[]): readonly KeyMaterial[] {
  if (keys.length === 0) throw noKeys("nothing says for which key to encrypt", "--recipient, ");
  if (keys.length > MAX_RECIPIENTS) {
    throw new BackupError({
      code: "USAGE",
      message: `a file can be encrypted for ${MAX_RECIPIENTS} keys, not for ${keys.length}`,
    });
  }
  return keys;
}

/** @throws BackupError USAGE */
export function createDecryption(keys: readonly KeyMaterial[]): Decryption {
  return decryptionWith(holdersOf(keys), keys);
}

function holdersOf(keys: readonly KeyMaterial[]): KeyHolder[] {
  const holders = keys.map(holderOf).filter((holder) => holder !== undefined);
  if (holders.length > 0) return holders;
  throw noKeys(keys.length === 0 ? "no key was given" : "a public key opens nothing: the private one is needed", "");
}

/** Reads with these keys. */
function decryptionWith(holders: readonly KeyHolder[], keys: readonly KeyMaterial[]): Decryption {
  const rawKeys = keys.flatMap((material) => (material.kind === "raw" ? [material.key] : []));
  return {
    earlierObject: (stored) => EarlierObject.open(stored, rawKeys),
    stream: (source, opening) => decryptStream(source, unlockingOf(opening, holders)),
    object: (stored, opening) =>
      ContainerObject.open(stored, unlockingOf(opening, holders), opening.isSalvaged === true),
    authenticate: async (start, opening, message) => {
      const header = decodeHeader(start.subarray(0, headerLength(start)));
      const { dataKey } = await unlockContainer(header, unlockingOf(opening, holders));
      return recordMac(dataKey, header, message);
    },
  };
}

function unlockingOf({ context, keyFiles = [], onDamage }: Opening, holders: readonly KeyHolder[]): DecryptOptions {
  return {
    context,
    holders,
    keyFiles,
    onKeyFileDamage: onDamage,
    onUnlocked: ({ headerDamage }) => {
      if (headerDamage !== undefined) onDamage(headerDamage);
    },
  };
}

/**
 * New keys for what the old ones open.
 * @throws BackupError USAGE
 */
export function createRotation(old: readonly KeyMaterial[], renewed: readonly KeyMaterial[]): KeyRotation {
  const recipients = checkedRecipients(renewed).map((material) => ({ material, recipient: recipientOf(material) }));
  const holders = holdersOf(old);
  const newHolders = renewed.map(holderOf).filter((holder) => holder !== undefined);
  return {
    decryption: decryptionWith(holders, old),
    encryption: createEncryption(renewed),
    newDecryption: newHolders.length === 0 ? undefined : decryptionWith(newHolders, renewed),
    keyFileFor: async (start, opening) => {
      const header = decodeHeader(start.subarray(0, headerLength(start)));
      return await renewedKeys(header, unlockingOf(opening, holders), recipients);
    },
  };
}

function noKeys(message: string, more: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message,
    hint: `use --key-file, --key-env, --key-vault, ${more}--passphrase-file or --passphrase`,
  });
}
