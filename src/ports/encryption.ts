import type { KeyObject } from "node:crypto";
import type { BackupError } from "../core/backup-error.ts";
import type { KeyCurve } from "../core/public-key-bytes.ts";
import type { Secret } from "../core/secret.ts";
import type { ByteSink } from "./byte-sink.ts";
import type { Spool } from "./spool.ts";
import type { OpenedObject } from "./storage.ts";

/** A key that the user gave. */
export type KeyMaterial =
  /** 32 random bytes: who has them reads and writes. */
  | { readonly kind: "raw"; readonly key: Buffer }
  /** `name`: mount and name of a key of a transit engine of Vault, which reads and writes as far as Vault lets us. */
  | { readonly kind: "transit"; readonly name: string; readonly key: TransitKey }
  | { readonly kind: "passphrase"; readonly passphrase: Secret }
  /** Reads. */
  | { readonly kind: "private"; readonly curve: KeyCurve; readonly key: KeyObject }
  /** Writes. `bytes`: 32 of X25519, or the uncompressed point, 65. */
  | { readonly kind: "public"; readonly curve: KeyCurve; readonly bytes: Buffer };

/** Who wrote something: a public key (`ed25519:` and base64), and what only its owner can make of a message (base64). */
export interface Signature {
  readonly key: string;
  readonly value: string;
}

/** A key that a server keeps, which wraps data keys there. */
export interface TransitKey {
  /** @throws BackupError CONNECT, AUTH, NOT_FOUND, SERVER, PROTOCOL */
  wrap(dataKey: Buffer): Promise<string>;
  /** @returns undefined when it did not wrap that. @throws BackupError CONNECT, AUTH, NOT_FOUND, SERVER, PROTOCOL */
  unwrap(text: string): Promise<Buffer | undefined>;
}

/** Where keys come from, as the user named it. */
export interface KeySources {
  /** A file with the private key that a writer signs with. */
  readonly signKeyFile?: string;
  /** Public keys of writers: text, or files with it. */
  readonly verifyKeys?: readonly string[];
  readonly keyFiles: readonly string[];
  /** Names of environment variables. */
  readonly keyVariables: readonly string[];
  /** Keys of Vault: `kv:MOUNT/PATH#FIELD`, `transit:NAME`. */
  readonly vaultKeys?: readonly string[];
  readonly passphraseFiles: readonly string[];
  /** Public keys: text, or files with it. */
  readonly recipients: readonly string[];
  /** Asked for at the terminal: once, or twice when it is a new one. */
  readonly asksPassphrase: boolean;
}

/** Which file of which backup an encrypted file is, which it can only be read as. */
export interface ContainerContext {
  readonly backupId: string;
  readonly artifact: string;
}

/** Takes plain bytes, and puts one encrypted file into its target. */
export interface EncryptedSink extends ByteSink {
  /** The file's first bytes, with which it can be read again after they were damaged. */
  readonly header: Buffer;
  /** Without it the file is cut off. */
  end(): Promise<void>;
}

/** Encrypts for the same recipients, each file with a key of its own. */
export interface Encryption {
  open(target: ByteSink, context: ContainerContext): Promise<EncryptedSink>;
  /** What is sealed is signed, when there is a key for that. */
  sign?(message: Uint8Array): Signature;
  /** The same spool, whose bytes lie encrypted on the disk, for a key that is forgotten. */
  spool(spool: Spool): Spool;
}

/** A file beside an encrypted one that holds its key for other recipients, as `keys rotate` writes it. */
export interface KeyFileBytes {
  /** For messages. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** How one encrypted file is to be opened. */
export interface Opening {
  readonly context: ContainerContext;
  /** Those that lie beside it. They are looked at first, the newest before older ones; the file's own keys open it as well. */
  readonly keyFiles?: readonly KeyFileBytes[];
  /** Of an object: it is opened although its last frame, and so its length, is not proved. Each frame is proved when it is read. */
  readonly isSalvaged?: boolean;
  /** Its header or one of the key files was changed or damaged, and the bytes can be read all the same. */
  readonly onDamage: (damage: BackupError) => void;
}

/** Reads what was encrypted for one of the keys. */
export interface Decryption {
  /**
   * Plain bytes from the beginning. That the file ends where it did is known only when there is no error at the end.
   * @throws BackupError KEY, DAMAGED, UNSUPPORTED_FORMAT
   */
  stream(source: AsyncIterable<Uint8Array>, opening: Opening): AsyncIterable<Buffer>;
  /**
   * The same of an object, at any place.
   * @throws BackupError KEY, DAMAGED, UNSUPPORTED_FORMAT, IO
   */
  object(stored: OpenedObject, opening: Opening): Promise<OpenedObject>;
  /**
   * A file that dbbackup 2 or 3 encrypted, at any place. That it ends where it did is not known.
   * @returns undefined when no key opens its beginning: then it is another's, or no such file. Closing what is answered closes `stored`
   * @throws BackupError DAMAGED, IO
   */
  earlierObject(stored: OpenedObject): Promise<OpenedObject | undefined>;
  /**
   * An HMAC-SHA-256 of a message, with a key that only the keys of a file give: who cannot read the file cannot make it.
   * @param start the first bytes of the encrypted file, its whole header among them
   * @throws BackupError KEY, DAMAGED, UNSUPPORTED_FORMAT
   */
  authenticate(start: Buffer, opening: Opening, message: Uint8Array): Promise<Buffer>;
  /** When the user says who may have written what is read: whether one of these signed it. */
  isSigned?(message: Uint8Array, signature: Signature): boolean;
}

/** New keys for files that are encrypted already. */
export interface KeyRotation {
  /** Opens what is to get new keys. */
  readonly decryption: Decryption;
  /** Encrypts for the new ones. */
  readonly encryption: Encryption;
  /** Opens what was encrypted for the new ones; undefined when all of them only write. */
  readonly newDecryption: Decryption | undefined;
  /**
   * A key file for the new keys.
   * @param start the first bytes of the encrypted file, its whole header among them
   * @returns undefined when the newest keys of the file are these already
   * @throws BackupError KEY, DAMAGED, UNSUPPORTED_FORMAT
   */
  keyFileFor(start: Buffer, opening: Opening): Promise<Buffer | undefined>;
}

/** A recipient as the header of a file names it. */
export interface NamedRecipient {
  readonly kind: "raw key" | "passphrase" | "passphrase (PBKDF2)" | "X25519" | "P-256" | "Vault transit" | "unknown";
  /** Hexadecimal. Of passphrases it is random. */
  readonly keyId: string;
}

/** What can be seen of an encrypted file without a key; nothing of it is proved. */
export interface ContainerFacts {
  readonly recipients: readonly NamedRecipient[];
  readonly frameSize: number;
  /** Key files beside it, the newest first. */
  readonly keyFiles: readonly {
    readonly name: string;
    /** 1 for the first change of keys. */
    readonly epoch: bigint;
    readonly recipients: readonly NamedRecipient[];
  }[];
}

/** A new key. */
export interface GeneratedKey {
  /** The text of a key file. */
  readonly text: Secret;
  /** Of one that opens files. */
  readonly keyId?: string;
  /** Of a key pair: what `--recipient` takes. */
  readonly recipient?: string;
  /** Of a writer's key: what `--verify-key` takes. */
  readonly verifyKey?: string;
}

/** Encryption as use cases need it. */
export interface EncryptionServices {
  /** @throws BackupError USAGE without keys, CONFIG for keys that cannot be used, IO */
  encryption(sources: KeySources): Promise<Encryption>;
  /** @throws BackupError USAGE without keys, CONFIG for keys that cannot be used, IO */
  decryption(sources: KeySources): Promise<Decryption>;
  /** @throws BackupError USAGE without keys, CONFIG for keys that cannot be used, IO */
  rotation(old: KeySources, renewed: KeySources): Promise<KeyRotation>;
  /** @throws BackupError DAMAGED when it is no encrypted file, or a key file is none of it; UNSUPPORTED_FORMAT */
  facts(stored: OpenedObject, keyFiles: readonly KeyFileBytes[]): Promise<ContainerFacts>;
  generate(kind: "raw" | "ed25519" | KeyCurve): GeneratedKey;
}
