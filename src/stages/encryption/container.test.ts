import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { BackupError } from "../../core/backup-error.ts";
import type { ContainerContext } from "../../ports/encryption.ts";
import type { OpenedObject } from "../../ports/storage.ts";
import { boundHeader, contextHash, decodeHeader, encodeHeader } from "./container-header.ts";
import { ContainerObject } from "./container-object.ts";
import { decryptStream } from "./decrypt-stream.ts";
import { containerKeys } from "./derive-keys.ts";
import { EncryptingSink, type EncryptOptions } from "./encrypting-sink.ts";
import type { KeyHolder } from "./recipient.ts";
import { keyIdOf, rawKey } from "./recipients/raw-key.ts";

/** Bytes `from`, `from` + 1, ... */
const counting = (from: number, length: number) => Buffer.from(Array.from({ length }, (_, i) => from + i));

const master = counting(0x00, 32);
const context: ContainerContext = { backupId: "kat-backup", artifact: "kat.dump" };
const known: EncryptOptions = {
  context,
  recipients: [rawKey(master)],
  frameSize: 4096,
  secrets: { dataKey: counting(0x40, 32), fileId: counting(0x80, 16), salt: counting(0xa0, 32) },
};
const plainOf = (length: number) => Buffer.from(Array.from({ length }, (_, i) => i % 251));

async function encrypt(plain: Uint8Array, options: EncryptOptions = known, piece = 1000): Promise<Buffer> {
  const stored: Buffer[] = [];
  const sink = await EncryptingSink.open({ write: async (bytes) => void stored.push(Buffer.from(bytes)) }, options);
  for (let at = 0; at < plain.length; at += piece) await sink.write(plain.subarray(at, at + piece));
  await sink.end();
  return Buffer.concat(stored);
}

async function* inPieces(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

interface Reading {
  readonly context?: ContainerContext;
  readonly holders?: readonly KeyHolder[];
}

async function decrypt(stored: Buffer, reading: Reading = {}, piece = 1000): Promise<Buffer> {
  const options = { context, holders: [rawKey(master)], onUnlocked: refuseDamage, ...reading };
  const plain: Buffer[] = [];
  for await (const bytes of decryptStream(inPieces(stored, piece), options)) plain.push(bytes);
  return Buffer.concat(plain);
}

function refuseDamage({ headerDamage }: { readonly headerDamage: BackupError | undefined }): void {
  if (headerDamage !== undefined) throw headerDamage;
}

function opened(bytes: Buffer): OpenedObject {
  return {
    key: "kat.dump.enc",
    size: bytes.length,
    readAt: async (position, target) => bytes.copy(target, 0, position),
    close: async () => undefined,
  };
}

/** Reads it all by places, from the end to the beginning. */
async function decryptByPlace(stored: Buffer, reading: Reading = {}): Promise<Buffer> {
  const object = await ContainerObject.open(opened(stored), {
    context,
    holders: [rawKey(master)],
    onUnlocked: refuseDamage,
    ...reading,
  });
  const plain = Buffer.alloc(object.size);
  for (let at = Math.floor(object.size / 1500) * 1500; at >= 0; at -= 1500) {
    await object.readAt(at, plain.subarray(at, at + 1500));
  }
  await object.close();
  return plain;
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

test.each([
  [0, 248, "93dc58496f1dc02de3ba1f1a80c6e51432b4f15c32fb6b5aab9da100a8c5dc6b"],
  [1, 249, "074a2f8a29ac02a5695b4e4add28126ea56550019f0f020e3cc5d27bd2eb65e3"],
  [4095, 4343, "98f3c1978a8eb9018d020351be8ab853e0c7c5941ce358b14d51e49d25625ae7"],
  [4096, 4344, "f3c3c6bed4a3235533e8e26e28c735c47a4e8f3f733bd5a0ea8a99503be2e0d6"],
  [4097, 4361, "d53fa93fcfb0c5dd7b9ae93e247636a172f47a2c0aeee3977e374947e3a0bb78"],
  [8192, 8456, "21c5d9c658fc09b7768288d199c4165b2a7bead3a63f0d3747b51a20fd7b47cf"],
])("known answer: %i plain bytes become these %i", async (length, size, hash) => {
  const plain = plainOf(length);
  const stored = await encrypt(plain);
  expect(stored).toHaveLength(size);
  expect(sha256(stored)).toBe(hash);
  expect(await decrypt(stored)).toEqual(plain);
  expect(await decryptByPlace(stored)).toEqual(plain);
});

test("known answer: key id, commitment, wrapped key, MAC and frame", async () => {
  const stored = await encrypt(plainOf(0));
  const header = decodeHeader(stored.subarray(0, 164 + 68));
  expect(keyIdOf(master).toString("hex")).toBe("0ac366ff214fbbfe0ccb899b69214cf8");
  expect(header.commitment.toString("hex")).toBe("f4349120475dbb6714b26c3272478e6c694c9d6577e9796ef10a5f3df3f67f16");
  expect(header.stanzas[0]!.body.toString("hex")).toBe(
    "b8ded24d3c5865f9918f03d74b1681baccb896c51d09282d89fe9489ccb120eef125c4408647c7230890811950de85de",
  );
  expect(header.mac.toString("hex")).toBe("ad6cfe62252654c1c2a25857b987c288c399dcd8008d5cda79f25f16b065fae7");
  expect(stored.subarray(232).toString("hex")).toBe("a27a35564a9b1d06099e4e9ec3b7165e");
});

test("what is written in other pieces, read in other pieces, or in frames of another size, is the same", async () => {
  const plain = randomBytes(100_000);
  for (const [frameSize, piece] of [
    [4096, 1],
    [65_536, 100_000],
    [262_144, 777],
  ] as const) {
    const { secrets: _, ...options } = known;
    const stored = await encrypt(plain, { ...options, frameSize }, piece === 1 ? 4096 : piece);
    expect(await decrypt(stored, {}, piece === 1 ? 17 : piece)).toEqual(plain);
    expect(await decryptByPlace(stored)).toEqual(plain);
  }
});

test("no two files have a key, id or salt in common", async () => {
  const { secrets: _, ...options } = known;
  const [one, other] = [await encrypt(plainOf(5000), options), await encrypt(plainOf(5000), options)];
  for (const [from, to] of [
    [16, 64],
    [96, 128],
    [232, one.length],
  ] as const) {
    expect(one.subarray(from, to).equals(other.subarray(from, to))).toBe(false);
  }
});

/** Everything but the first reading must fail with what `verify` calls damage, or with "no key". */
async function expectRefused(stored: Buffer, what: string, reading: Reading = {}, code = /^DAMAGED$/): Promise<void> {
  for (const read of [() => decrypt(stored, reading), () => decryptByPlace(stored, reading)]) {
    const error = await read().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error, what).toBeInstanceOf(BackupError);
    expect((error as BackupError).code, what).toMatch(code);
  }
}

const sample = plainOf(3 * 4096 + 100);
const refusals = /^(?:DAMAGED|UNSUPPORTED_FORMAT|KEY)$/;

test("every flipped bit of header and key block is refused", async () => {
  const stored = await encrypt(sample);
  for (let bit = 0; bit < 232 * 8; bit++) {
    const changed = Buffer.from(stored);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    await expectRefused(changed, `bit ${bit}`, {}, refusals);
  }
});

test("flipped bits of frames and tags are refused, and the place is named", async () => {
  const stored = await encrypt(sample);
  for (let at = 232; at < stored.length; at += 97) {
    const changed = Buffer.from(stored);
    changed[at]! ^= 1 << (at & 7);
    const frame = Math.floor((at - 232) / 4112);
    await expectRefused(changed, `byte ${at}`);
    await expect(decrypt(changed)).rejects.toThrow(`in frame ${frame}, at byte ${232 + frame * 4112} or behind`);
  }
});

test("a file that is cut off anywhere is refused", async () => {
  const stored = await encrypt(sample);
  const lengths = [...Array(300).keys(), 4344, 8456, 12_568, ...Array.from({ length: 120 }, (_, i) => 300 + i * 101)];
  for (const length of lengths.filter((one) => one < stored.length)) {
    await expectRefused(stored.subarray(0, length), `${length} bytes`, {}, refusals);
  }
  await expect(decrypt(stored.subarray(0, 4344))).rejects.toThrow("is cut off at byte 4344: there was more");
});

test("frames that are exchanged, left out, doubled or added are refused, and those of another file", async () => {
  const stored = await encrypt(sample);
  const other = await encrypt(
    sample.map((byte) => byte ^ 1),
    { ...known, secrets: { ...known.secrets!, dataKey: counting(0x41, 32) } },
  );
  const header = stored.subarray(0, 232);
  const frames = [0, 1, 2, 3].map((i) => stored.subarray(232 + i * 4112, 232 + (i + 1) * 4112));
  const foreign = other.subarray(232, 232 + 4112);
  const [a, b, c, last] = frames as [Buffer, Buffer, Buffer, Buffer];
  const orders: Record<string, Buffer[]> = {
    exchanged: [b, a, c, last],
    "left out": [a, c, last],
    "first left out": [b, c, last],
    doubled: [a, a, b, c, last],
    "last doubled": [a, b, c, last, last],
    "last in the middle": [a, last],
    "last twice": [last],
    spliced: [a, foreign, c, last],
    none: [],
    "an empty one behind": [a, b, c, last, Buffer.alloc(16)],
    "bytes behind": [a, b, c, last, Buffer.from("more")],
  };
  for (const [what, order] of Object.entries(orders)) await expectRefused(Buffer.concat([header, ...order]), what);
  await expectRefused(Buffer.concat([other.subarray(0, 232), a, b, c, last]), "under another header");
  // An empty last frame behind whole ones, made with the file's own key: only writers that we do not have make it.
  const keys = containerKeys(known.secrets!.dataKey, known.secrets!.salt, header.subarray(0, 96));
  const nonce = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3]);
  const cipher = createCipheriv("aes-256-gcm", keys.payload, nonce, { authTagLength: 16 });
  cipher.final();
  await expectRefused(Buffer.concat([header, a, b, c, cipher.getAuthTag()]), "an empty frame that is not the only one");
});

test("another key, and no key, open nothing", async () => {
  const stored = await encrypt(sample);
  await expectRefused(stored, "other key", { holders: [rawKey(counting(1, 32))] }, /^KEY$/);
  await expectRefused(stored, "no key", { holders: [] }, /^KEY$/);
});

test("a file does not pass for another one of the backup, nor for one of another backup", async () => {
  const stored = await encrypt(sample);
  await expectRefused(stored, "artifact", { context: { ...context, artifact: "other.dump" } });
  await expectRefused(stored, "backup", { context: { ...context, backupId: "kat-backup2" } });
  await expectRefused(stored, "moved border", { context: { backupId: "kat-backu", artifact: "pkat.dump" } });
});

test("a ciphertext that AES-GCM opens with two keys is refused for the second one", async () => {
  const [first, second] = [Buffer.alloc(32, 0x11), Buffer.alloc(32, 0x22)];
  const frame = Buffer.from(
    "de6c8348bb530f63e191b9291d73d1cfc6f9374a104103277fedd0b28172d2bb61d7a409bf1657ed300af20670338b35",
    "hex",
  );
  const bound = boundHeader({ frameSize: 4096, fileId: counting(0x80, 16), salt: counting(0xa0, 32), context });
  const masters = [counting(0x00, 32), counting(0x01, 32)] as const;
  const stanzas = [await rawKey(masters[0]).stanza(first, bound), await rawKey(masters[1]).stanza(second, bound)];
  // The header commits to the first data key; who has the second recipient's key is given the other one.
  const keys = { ...containerKeys(first, bound.salt, bound.bytes) };
  const file = Buffer.concat([encodeHeader(bound, stanzas, keys), frame]);
  await expectRefused(file, "second key", { holders: [rawKey(masters[1])] });
  await expect(decrypt(file, { holders: [rawKey(masters[1])] })).rejects.toThrow(
    "was not written with the key that its header gives",
  );
});

test("a MAC that is wrong is told, and the rows can be read", async () => {
  const stored = await encrypt(sample);
  stored[200]! ^= 1;
  stored[164 + 68 - 1]! ^= 1;
  const told: unknown[] = [];
  const onUnlocked = ({ headerDamage }: { readonly headerDamage: BackupError | undefined }) =>
    void told.push(headerDamage?.code);
  const macOnly = await encrypt(sample);
  macOnly[164 + 68 - 1]! ^= 1;
  const plain: Buffer[] = [];
  const options = { context, holders: [rawKey(master)], onUnlocked };
  for await (const piece of decryptStream(inPieces(macOnly, 999), options)) plain.push(piece);
  expect(Buffer.concat(plain)).toEqual(sample);
  expect(told).toEqual(["DAMAGED"]);
  await expectRefused(stored, "wrapped key and MAC");
});

test("headers that no writer makes are refused before anything is computed", async () => {
  const stored = await encrypt(sample);
  const withByte = (at: number, byte: number) => {
    const changed = Buffer.from(stored);
    changed[at] = byte;
    return changed;
  };
  await expectRefused(withByte(8, 2), "version", {}, /^UNSUPPORTED_FORMAT$/);
  await expectRefused(withByte(9, 2), "suite", {}, /^UNSUPPORTED_FORMAT$/);
  await expectRefused(withByte(11, 1), "flags", {}, /^UNSUPPORTED_FORMAT$/);
  await expectRefused(withByte(13, 0xff), "frame size");
  await expectRefused(withByte(129, 0xff), "long key block");
  const short = Buffer.from(stored);
  short.writeUInt16BE(63, 134);
  await expectRefused(short, "stanza of the wrong length");
  const unknown = Buffer.from(stored);
  unknown[132] = 99;
  await expectRefused(unknown, "only a recipient of a type that is not known", {}, /^KEY$/);
  await expectRefused(Buffer.from("PGDMP"), "no container");
  await expectRefused(Buffer.alloc(0), "nothing");
});

test("the context's hash tells id and name apart", () => {
  expect(contextHash({ backupId: "a", artifact: "b" })).not.toEqual(contextHash({ backupId: "a\0b", artifact: "" }));
});
