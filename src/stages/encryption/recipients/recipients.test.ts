import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { publicKeyBytes, publicKeyOfBytes } from "../../../core/public-key-bytes.ts";
import { Secret } from "../../../core/secret.ts";
import { boundHeader } from "../container-header.ts";
import type { KeyHolder, Recipient } from "../recipient.ts";
import { decodeKeyBlock, encodeKeyBlock, type Stanza } from "../stanza.ts";
import { fipsStretching, ordinaryStretching, passphraseHolder, passphraseRecipient, stretch } from "./passphrase.ts";
import { newPair, privateKeyHolder, publicKeyRecipient } from "./public-key.ts";
import { rawKey } from "./raw-key.ts";

const context = { backupId: "id", artifact: "a" };
const header = boundHeader({ frameSize: 4096, fileId: randomBytes(16), salt: randomBytes(32), context });
const otherFile = boundHeader({ frameSize: 4096, fileId: randomBytes(16), salt: randomBytes(32), context });
const dataKey = randomBytes(32);
const phrase = new Secret("correct horse battery staple");
const salt = Buffer.from(Array.from({ length: 16 }, (_, i) => 0xc0 + i));

test("known answers: a passphrase stretched by Argon2id and by PBKDF2", async () => {
  expect((await stretch(phrase, salt, ordinaryStretching)).toString("hex")).toBe(
    "57a774c17df768b0e32073e2efe0420a31607b3626f334e04f698e67d23d0f43",
  );
  expect((await stretch(phrase, salt, fipsStretching)).toString("hex")).toBe(
    "107197cf8eb57f6699925a8c91b3ca4de1cd25627a4fc668e7b8428a574a45f2",
  );
});

const pairs = { x25519: newPair("x25519"), p256: newPair("p256") };
const key = randomBytes(32);
const recipients: Record<string, [Recipient, KeyHolder, KeyHolder]> = {
  "raw key": [rawKey(key), rawKey(key), rawKey(randomBytes(32))],
  argon2id: [passphraseRecipient(phrase), passphraseHolder(phrase), passphraseHolder(new Secret("wrong"))],
  pbkdf2: [
    passphraseRecipient(phrase, { kind: "pbkdf2", iterations: 100_000 }),
    passphraseHolder(phrase),
    passphraseHolder(new Secret("wrong")),
  ],
  x25519: [
    publicKeyRecipient("x25519", publicKeyBytes(pairs.x25519.publicKey)),
    privateKeyHolder("x25519", pairs.x25519.privateKey),
    privateKeyHolder("x25519", newPair("x25519").privateKey),
  ],
  p256: [
    publicKeyRecipient("p256", publicKeyBytes(pairs.p256.publicKey)),
    privateKeyHolder("p256", pairs.p256.privateKey),
    privateKeyHolder("p256", newPair("p256").privateKey),
  ],
};

test.each(Object.entries(recipients))(
  "%s: opens what it was given, nobody else does, and for no other file",
  async (_, all) => {
    const [recipient, holder, stranger] = all;
    const [stanza] = decodeKeyBlock(encodeKeyBlock([await recipient.stanza(dataKey, header)]));
    expect(await holder.open(stanza!, header)).toEqual(dataKey);
    expect(await stranger.open(stanza!, header)).toBeUndefined();
    const elsewhere = await holder.open(stanza!, otherFile).catch(() => undefined);
    expect(elsewhere).toBeUndefined();
  },
);

test.each(Object.entries(recipients))("%s: a stanza changed in any byte opens nothing", async (name, all) => {
  const [recipient, holder] = all;
  const stanza = await recipient.stanza(dataKey, header);
  // A passphrase is stretched anew for each salt: its places are sampled.
  const step = name === "argon2id" || name === "pbkdf2" ? 17 : 1;
  for (let at = 0; at < stanza.body.length; at += step) {
    const body = Buffer.from(stanza.body);
    body[at]! ^= 0x40;
    expect(await holder.open({ ...stanza, body }, header).catch(() => undefined), `byte ${at}`).toBeUndefined();
  }
});

test("several recipients: each opens it", async () => {
  const all = Object.values(recipients);
  const stanzas = await Promise.all(all.map(([recipient]) => recipient.stanza(dataKey, header)));
  const found = decodeKeyBlock(encodeKeyBlock(stanzas));
  for (const [index, [, holder]] of all.entries()) expect(await holder.open(found[index]!, header)).toEqual(dataKey);
});

test("a passphrase is the same in every form of Unicode, and with the line end of its file", async () => {
  const stanza = await passphraseRecipient(new Secret("\u00e9l\u00e8ve")).stanza(dataKey, header);
  const decomposed = passphraseHolder(new Secret("e\u0301le\u0300ve\n"));
  expect(await decomposed.open(stanza, header)).toEqual(dataKey);
  expect(await passphraseHolder(new Secret("\u00e9l\u00e8ve\n\n")).open(stanza, header)).toBeUndefined();
});

test.each([
  ["memory that protects nothing", 0, 65_535],
  ["memory without end", 0, 1_048_577],
  ["no passes", 4, 0],
  ["passes without end", 4, 17],
  ["no lanes", 8, 0],
  ["lanes without end", 8, 17],
])("Argon2id with %s is refused unasked", async (_, at, value) => {
  const stanza = await recipients["argon2id"]![0].stanza(dataKey, header);
  await expect(passphraseHolder(phrase).open(withNumber(stanza, at, value), header)).rejects.toThrow("asks for");
});

test.each([99_999, 10_000_001])("PBKDF2 with %i iterations is refused unasked", async (iterations) => {
  const stanza = await recipients["pbkdf2"]![0].stanza(dataKey, header);
  await expect(passphraseHolder(phrase).open(withNumber(stanza, 0, iterations), header)).rejects.toThrow("asks for");
});

function withNumber(stanza: Stanza, at: number, value: number): Stanza {
  const body = Buffer.from(stanza.body);
  body.writeUInt32BE(value, at);
  return { ...stanza, body };
}

test("public keys that everybody knows the secret of, or that are on no curve, are refused", async () => {
  const [, holder] = recipients["x25519"]!;
  const stanza = await recipients["x25519"]![0].stanza(dataKey, header);
  // Points of small order: 0, 1, and the three others of Curve25519 (RFC 7748, section 6.1).
  for (const point of ["00".repeat(32), `01${"00".repeat(31)}`, `ec${"ff".repeat(30)}7f`]) {
    const body = Buffer.concat([Buffer.from(point, "hex"), stanza.body.subarray(32)]);
    await expect(holder.open({ ...stanza, body }, header)).rejects.toThrow("was changed");
  }
  await expect(publicKeyRecipient("x25519", Buffer.alloc(32)).stanza(dataKey, header)).rejects.toThrow(
    "everybody knows",
  );
  const off = publicKeyBytes(pairs.p256.publicKey);
  off[64]! ^= 1;
  expect(() => publicKeyOfBytes("p256", off)).toThrow();
  expect(() => publicKeyOfBytes("x25519", Buffer.alloc(31))).toThrow("31 bytes");
});
