import type { KeySources } from "../../ports/encryption.ts";
import type { OptionName, OptionValues } from "./options/options.ts";

/** Options that name keys to open files with. */
export const openingKeyNames: readonly OptionName[] = [
  "key-file",
  "key-env",
  "key-vault",
  "passphrase-file",
  "passphrase",
];
/** The same of a backup, and who may have written it. */
export const readingKeyNames: readonly OptionName[] = [...openingKeyNames, "verify-key"];
/** The same, and those that only encrypt. */
export const encryptingKeyNames: readonly OptionName[] = [...openingKeyNames, "recipient"];
/** The same of a backup, and what it is signed with. */
export const writingKeyNames: readonly OptionName[] = [...encryptingKeyNames, "sign-key"];

/** Options that name the keys that files get in place of others. */
export const newKeyNames: readonly OptionName[] = [
  "new-key-file",
  "new-key-env",
  "new-key-vault",
  "new-passphrase-file",
  "new-passphrase",
  "new-recipient",
];

/** Whether any were named. */
export function hasKeys(sources: KeySources): boolean {
  const {
    keyFiles,
    keyVariables,
    passphraseFiles,
    recipients,
    vaultKeys = [],
    verifyKeys = [],
    asksPassphrase,
  } = sources;
  return (
    asksPassphrase || [keyFiles, keyVariables, passphraseFiles, recipients, vaultKeys, verifyKeys].flat().length > 0
  );
}

/** Where keys come from, as the command line says it. */
export function keySources(options: OptionValues): KeySources {
  return {
    keyFiles: options["key-file"] ?? [],
    keyVariables: options["key-env"] ?? [],
    vaultKeys: options["key-vault"] ?? [],
    passphraseFiles: options["passphrase-file"] ?? [],
    recipients: options.recipient ?? [],
    asksPassphrase: options.passphrase === true,
    verifyKeys: options["verify-key"] ?? [],
    ...(options["sign-key"] === undefined ? {} : { signKeyFile: options["sign-key"] }),
  };
}

/** Where the new keys come from. */
export function newKeySources(options: OptionValues): KeySources {
  return {
    keyFiles: options["new-key-file"] ?? [],
    keyVariables: options["new-key-env"] ?? [],
    vaultKeys: options["new-key-vault"] ?? [],
    passphraseFiles: options["new-passphrase-file"] ?? [],
    recipients: options["new-recipient"] ?? [],
    asksPassphrase: options["new-passphrase"] === true,
    ...(options["sign-key"] === undefined ? {} : { signKeyFile: options["sign-key"] }),
  };
}
