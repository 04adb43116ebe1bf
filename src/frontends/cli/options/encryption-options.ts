import type { Option } from "./option.ts";

/** Keys that files are encrypted for, or opened with. */
export const encryptionOptions = [
  {
    name: "key-file",
    type: "text",
    placeholder: "FILE",
    repeatable: true,
    config: "encryption.key_file",
    help: 'a file with a key, as "keys generate" writes it; only its owner may read it',
    details: "64 hexadecimal digits, base64 of 32 bytes, 32 bytes, or a private key of X25519 or P-256 as PEM.",
  },
  {
    name: "key-env",
    type: "text",
    placeholder: "NAME",
    repeatable: true,
    environment: false,
    config: "encryption.key_env",
    help: "an environment variable that holds a key, in any form of a key file",
  },
  {
    name: "passphrase-file",
    type: "text",
    placeholder: "FILE",
    repeatable: true,
    config: "encryption.passphrase_file",
    help: "a file whose text is a passphrase; only its owner may read it",
  },
  {
    name: "passphrase",
    type: "flag",
    environment: false,
    help: "ask for a passphrase at the terminal",
  },
  {
    name: "recipient",
    type: "text",
    placeholder: "KEY",
    repeatable: true,
    config: "encryption.recipients",
    help: "encrypt for this public key (x25519:... or p256:..., or a file with it), whose owner alone can read",
  },
  {
    name: "encrypt",
    type: "flag",
    config: "encryption.encrypt",
    help: "encrypt the backup and its metadata for every key that is given: nothing else reaches a disk",
    details: "What can be read without a key: id, time, name of the database, sizes and hashes of what is stored.",
  },
  {
    name: "type",
    type: "choice",
    values: ["raw", "x25519", "p256"],
    default: "raw",
    environment: false,
    help: "the key: raw encrypts and decrypts, the others are key pairs: who has the public one only encrypts",
  },
] as const satisfies readonly Option[];
