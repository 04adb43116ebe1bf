import type { Command } from "../command.ts";
import { encryptingKeyNames, newKeyNames, openingKeyNames } from "../key-sources.ts";
import { backupHelp } from "./argument-help.ts";

/** What has to do with encryption. */
export const keyCommands: readonly Command[] = [
  {
    words: ["encrypt"],
    summary: "encrypt a file into a new one",
    args: [{ name: "FILE", count: "one", help: "any file; - is stdin" }],
    options: [...encryptingKeyNames, "output"],
    details: [
      "Writes FILE.enc, or what --output names, for every key that is given: each of them opens it. FILE is left as it is. The new",
      "file appears when it is whole; to standard output the bytes go as they come.",
    ],
    examples: [
      "dbbackup encrypt shop.dump --key-file backup.key",
      "pg_dump shop | dbbackup encrypt - --recipient x25519:... --output shop.sql.enc",
    ],
    load: () => import("../run/encrypt.ts"),
  },
  {
    words: ["decrypt"],
    summary: "decrypt a file that encrypt made, into a new one",
    args: [{ name: "FILE", count: "one", help: "the encrypted file; - is stdin" }],
    options: [...openingKeyNames, "output"],
    details: [
      "Writes FILE without .enc, or what --output names. The new file appears when all of the encrypted one was read and proved to be",
      "what was written; to standard output each piece goes when it is proved, and the exit status says whether it was all.",
    ],
    examples: [
      "dbbackup decrypt shop.dump.enc --key-file backup.key",
      "dbbackup decrypt shop.sql.enc --passphrase --output - | psql shop",
    ],
    load: () => import("../run/decrypt.ts"),
  },
  {
    words: ["keys", "generate"],
    summary: "make a key, and write it into a new file",
    args: [],
    options: ["type", "output"],
    details: [
      "The file can be read by its owner only, and none that is there is replaced. Of a key pair the file is the private key, with which",
      "one reads; the public one, with which a machine can write what it cannot read, is printed. With --output - the key is shown once on",
      "standard output, and stored nowhere: a recovery key, for paper or a safe.",
    ],
    examples: [
      "dbbackup keys generate --output backup.key",
      "dbbackup keys generate --type x25519 --output restore.key",
      "dbbackup keys generate --type x25519 --output -",
    ],
    load: () => import("../run/keys-generate.ts"),
  },
  {
    words: ["keys", "list"],
    summary: "show for which keys files are encrypted",
    args: [{ name: "FILE", count: "many", help: "an encrypted file" }],
    options: [],
    details: [
      "Reads the header of each file, and the key files beside it, and needs no key. What it says is proved only when the file is opened.",
    ],
    examples: ["dbbackup keys list backups/*.enc"],
    load: () => import("../run/keys-list.ts"),
  },
  {
    words: ["keys", "rotate"],
    summary: "give encrypted backups to other keys",
    args: [{ name: "BACKUP", count: "some", help: `${backupHelp}; or --all` }],
    options: [...openingKeyNames, ...newKeyNames, "all", "re-encrypt", "remove-old", "sign-key"],
    needs: { "remove-old": "re-encrypt", "sign-key": "re-encrypt" },
    details: [
      "Writes a small file beside each encrypted file of a backup and beside its metadata; no stored byte changes, and nothing is",
      "encrypted again. After an interruption the same command goes on with what is left. Name all keys that are to open the",
      "backups from now on. This does not revoke: whoever has an old key can go on reading with it. --re-encrypt does: it writes",
      "each backup anew, with an id of its own, from stored bytes to stored bytes; no database is asked, no plain byte written.",
    ],
    examples: [
      "dbbackup keys rotate latest:shop --key-file old.key --new-key-file new.key",
      "dbbackup keys rotate --all --key-file old.key --new-key-file new.key --new-recipient x25519:...",
      "dbbackup keys rotate --all --re-encrypt --remove-old --key-file leaked.key --new-key-file new.key",
    ],
    isRecorded: true,
    load: () => import("../run/keys-rotate.ts"),
  },
];
