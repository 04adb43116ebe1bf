import { argon2, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import type { Secret } from "../../../core/secret.ts";
import { damagedContainer } from "../container-error.ts";
import { KEY_LENGTH } from "../container-layout.ts";
import type { KeyHolder, Recipient } from "../recipient.ts";
import { KEY_ID_LENGTH, type Stanza, StanzaType } from "../stanza.ts";
import { unwrapKey, wrapKey } from "../wrap-key.ts";

/** How a passphrase becomes a key. */
export type Stretching =
  | { readonly kind: "argon2id"; readonly memoryKiB: number; readonly passes: number; readonly lanes: number }
  | { readonly kind: "pbkdf2"; readonly iterations: number };

/** What is written: a tenth of a second, and 64 MiB for each guess. */
export const ordinaryStretching: Stretching = { kind: "argon2id", memoryKiB: 65_536, passes: 3, lanes: 4 };
/** What is allowed where FIPS 140 counts. */
export const fipsStretching: Stretching = { kind: "pbkdf2", iterations: 600_000 };

/** Less protects nothing; more would let a hostile file take all memory and time. */
const limits = {
  memoryKiB: [65_536, 1_048_576],
  passes: [1, 16],
  lanes: [1, 16],
  iterations: [100_000, 10_000_000],
} as const;

const SALT_LENGTH = 16;
/** A file may name as many salts as recipients; nobody writes more than a few passphrases. */
const MAX_DERIVATIONS = 32;

/**
 * A passphrase that files are encrypted for. All files of one recipient share the salt, so that a backup of many files
 * costs one derivation: make a new recipient for each backup.
 */
export function passphraseRecipient(passphrase: Secret, stretching: Stretching = ordinaryStretching): Recipient {
  const salt = randomBytes(SALT_LENGTH);
  const keyId = randomBytes(KEY_ID_LENGTH);
  const secret = stretch(passphrase, salt, stretching);
  // Told by the first stanza.
  secret.catch(() => undefined);
  const type = stretching.kind === "argon2id" ? StanzaType.argon2 : StanzaType.pbkdf2;
  return {
    async stanza(dataKey, header) {
      const wrapped = wrapKey(await secret, dataKey, { type, keyId, header });
      return { type, keyId, body: Buffer.concat([encodeParameters(stretching), salt, wrapped]) };
    },
  };
}

/** A passphrase that opens files. Derivations are kept, for other files of the backup. */
export function passphraseHolder(passphrase: Secret): KeyHolder {
  const derived = new Map<string, Promise<Buffer>>();
  return {
    async open(stanza, header) {
      const found = decodeStanza(stanza);
      if (found === undefined) return undefined;
      const { stretching, salt, wrapped } = found;
      const name = `${JSON.stringify(stretching)} ${salt.toString("hex")}`;
      let secret = derived.get(name);
      if (secret === undefined) {
        if (derived.size >= MAX_DERIVATIONS) derived.clear();
        secret = stretch(passphrase, salt, stretching);
        derived.set(name, secret);
      }
      return unwrapKey(await secret, wrapped, { type: stanza.type, keyId: stanza.keyId, header });
    },
  };
}

/** As people mean it: composed in one way (NFC), and without the line end of the file that it stood in. */
export function normalizedPassphrase(passphrase: Secret): Buffer {
  return Buffer.from(passphrase.reveal().replace(/\n$/, "").normalize("NFC"), "utf8");
}

/** @returns 32 bytes. RFC 9106, RFC 8018 */
export async function stretch(passphrase: Secret, salt: Buffer, stretching: Stretching): Promise<Buffer> {
  const message = normalizedPassphrase(passphrase);
  if (stretching.kind === "pbkdf2") {
    return await promisify(pbkdf2)(message, salt, stretching.iterations, KEY_LENGTH, "sha256");
  }
  const { memoryKiB: memory, passes, lanes: parallelism } = stretching;
  return await promisify(argon2)("argon2id", {
    message,
    nonce: salt,
    parallelism,
    tagLength: KEY_LENGTH,
    memory,
    passes,
  });
}

function encodeParameters(stretching: Stretching): Buffer {
  const numbers =
    stretching.kind === "argon2id"
      ? [stretching.memoryKiB, stretching.passes, stretching.lanes]
      : [stretching.iterations];
  const bytes = Buffer.alloc(numbers.length * 4);
  for (const [index, number] of numbers.entries()) bytes.writeUInt32BE(number, index * 4);
  return bytes;
}

function decodeStanza({ type, body }: Stanza) {
  if (type !== StanzaType.argon2 && type !== StanzaType.pbkdf2) return undefined;
  const number = (index: number, name: keyof typeof limits): number => {
    const value = body.readUInt32BE(index * 4);
    const [least, most] = limits[name];
    if (value < least || value > most)
      throw damagedContainer(`asks for ${name} = ${value} to make a key of a passphrase`);
    return value;
  };
  const stretching: Stretching =
    type === StanzaType.argon2
      ? { kind: "argon2id", memoryKiB: number(0, "memoryKiB"), passes: number(1, "passes"), lanes: number(2, "lanes") }
      : { kind: "pbkdf2", iterations: number(0, "iterations") };
  const saltAt = stretching.kind === "argon2id" ? 12 : 4;
  return {
    stretching,
    salt: body.subarray(saltAt, saltAt + SALT_LENGTH),
    wrapped: body.subarray(saltAt + SALT_LENGTH),
  };
}
