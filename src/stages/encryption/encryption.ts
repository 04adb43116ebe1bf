import { BackupError } from "../../core/backup-error.ts";
import type { Decryption, Encryption, KeyMaterial } from "../../ports/encryption.ts";
import { ContainerObject } from "./container-object.ts";
import { decryptStream } from "./decrypt-stream.ts";
import { encryptedSpool } from "./encrypted-spool.ts";
import { EncryptingSink } from "./encrypting-sink.ts";
import { holderOf, recipientOf } from "./key-roles.ts";
import type { UnlockedContainer } from "./unlock-container.ts";

const MAX_RECIPIENTS = 32;

/** @throws BackupError USAGE */
export function createEncryption(keys: readonly KeyMaterial[]): Encryption {
  if (keys.length === 0) throw noKeys("nothing says for which key to encrypt", "--recipient, ");
  if (keys.length > MAX_RECIPIENTS) {
    throw new BackupError({
      code: "USAGE",
      message: `a file can be encrypted for ${MAX_RECIPIENTS} keys, not for ${keys.length}`,
    });
  }
  const recipients = keys.map(recipientOf);
  return { open: (target, context) => EncryptingSink.open(target, { context, recipients }), spool: encryptedSpool };
}

/** @throws BackupError USAGE */
export function createDecryption(keys: readonly KeyMaterial[]): Decryption {
  const holders = keys.map(holderOf).filter((holder) => holder !== undefined);
  if (holders.length === 0) {
    throw noKeys(keys.length === 0 ? "no key was given" : "a public key opens nothing: the private one is needed", "");
  }
  const reading = (tell: (damage: BackupError) => void) => ({
    holders,
    onUnlocked: ({ headerDamage }: UnlockedContainer) => {
      if (headerDamage !== undefined) tell(headerDamage);
    },
  });
  return {
    stream: (source, context, onHeaderDamage) => decryptStream(source, { context, ...reading(onHeaderDamage) }),
    object: (stored, context, onHeaderDamage) => ContainerObject.open(stored, { context, ...reading(onHeaderDamage) }),
  };
}

function noKeys(message: string, more: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message,
    hint: `use --key-file, --key-env, ${more}--passphrase-file or --passphrase`,
  });
}
