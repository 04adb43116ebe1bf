import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIPv4 } from "node:net";
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  utcTime,
  utf8String,
} from "./der.ts";

/** A key and what it signs with. */
export type KeyKind = "ec" | "rsa" | "ed25519";

export interface Issued {
  /** PEM; behind it the chain, where there is one. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly key: string;
  readonly keyObject: KeyObject;
  readonly serial: Buffer;
}

export interface CertificateWish {
  readonly commonName: string;
  readonly names?: readonly string[];
  readonly addresses?: readonly string[];
  readonly keyKind?: KeyKind;
  readonly validFrom?: Date;
  readonly validTo?: Date;
}

const dayMs = 24 * 3600 * 1000;

/**
 * A certificate authority of our own, made of nothing but node:crypto: tests of TLS need good and bad certificates, and a
 * machine need not have the openssl program.
 */
export class Authority {
  readonly certificate: string;
  readonly #name: Buffer;
  readonly #keyKind: KeyKind;
  readonly #key: KeyObject;
  readonly #parent: Authority | undefined;

  constructor(commonName: string, options: { readonly keyKind?: KeyKind; readonly parent?: Authority } = {}) {
    this.#name = distinguishedName(commonName);
    this.#keyKind = options.keyKind ?? "ec";
    this.#parent = options.parent;
    const { publicKey, privateKey } = newKey(this.#keyKind);
    this.#key = privateKey;
    const wish = { subject: this.#name, publicKey, isAuthority: true, serial: randomSerial() };
    this.certificate = (options.parent ?? this).#sign(wish);
  }

  issue(wish: CertificateWish): Issued {
    const { publicKey, privateKey } = newKey(wish.keyKind ?? "ec");
    const serial = randomSerial();
    const subject = distinguishedName(wish.commonName);
    const own = this.#sign({ ...wish, subject, publicKey, isAuthority: false, serial });
    const chain = this.#parent === undefined ? [own] : [own, this.certificate];
    return {
      certificate: chain.join(""),
      key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      keyObject: privateKey,
      serial,
    };
  }

  /** A revocation list in PEM. */
  revoke(issued: readonly Issued[]): string {
    const now = new Date();
    const revoked = issued.map(({ serial }) => sequence(integer(serial), utcTime(now)));
    const list = sequence(
      integer(1),
      signatureAlgorithm(this.#keyKind),
      this.#name,
      utcTime(new Date(now.getTime() - dayMs)),
      utcTime(new Date(now.getTime() + 30 * dayMs)),
      ...(revoked.length === 0 ? [] : [sequence(...revoked)]),
    );
    return pem("X509 CRL", this.#signed(list));
  }

  #sign(wish: {
    readonly subject: Buffer;
    readonly publicKey: KeyObject;
    readonly isAuthority: boolean;
    readonly serial: Buffer;
    readonly names?: readonly string[];
    readonly addresses?: readonly string[];
    readonly validFrom?: Date;
    readonly validTo?: Date;
  }): string {
    const now = Date.now();
    const body = sequence(
      explicit(0, integer(2)),
      integer(wish.serial),
      signatureAlgorithm(this.#keyKind),
      this.#name,
      sequence(utcTime(wish.validFrom ?? new Date(now - dayMs)), utcTime(wish.validTo ?? new Date(now + 30 * dayMs))),
      wish.subject,
      wish.publicKey.export({ type: "spki", format: "der" }),
      explicit(3, sequence(...extensions(wish))),
    );
    return pem("CERTIFICATE", this.#signed(body));
  }

  #signed(body: Buffer): Buffer {
    const digest = this.#keyKind === "ed25519" ? undefined : "sha256";
    return sequence(body, signatureAlgorithm(this.#keyKind), bitString(sign(digest, body, this.#key)));
  }
}

function newKey(kind: KeyKind): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  switch (kind) {
    case "ec":
      return generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    case "rsa":
      return generateKeyPairSync("rsa", { modulusLength: 2048 });
    case "ed25519":
      return generateKeyPairSync("ed25519");
    default:
      return kind satisfies never;
  }
}

function signatureAlgorithm(kind: KeyKind): Buffer {
  switch (kind) {
    case "ec":
      return sequence(objectIdentifier("1.2.840.10045.4.3.2"));
    case "rsa":
      return sequence(objectIdentifier("1.2.840.113549.1.1.11"), Buffer.from([0x05, 0x00]));
    case "ed25519":
      return sequence(objectIdentifier("1.3.101.112"));
    default:
      return kind satisfies never;
  }
}

function extensions(wish: {
  readonly isAuthority: boolean;
  readonly names?: readonly string[];
  readonly addresses?: readonly string[];
}): Buffer[] {
  const basicConstraints = wish.isAuthority ? sequence(boolean(true)) : sequence();
  const all = [extension("2.5.29.19", basicConstraints, true)];
  // keyCertSign and cRLSign
  if (wish.isAuthority) all.push(extension("2.5.29.15", bitString(Buffer.from([0x06]), 1), true));
  const alternatives = [
    ...(wish.names ?? []).map((name) => implicit(2, Buffer.from(name, "latin1"))),
    ...(wish.addresses ?? []).map((address) => implicit(7, addressBytes(address))),
  ];
  if (alternatives.length > 0) all.push(extension("2.5.29.17", sequence(...alternatives), false));
  return all;
}

function extension(identifier: string, content: Buffer, isCritical: boolean): Buffer {
  return sequence(objectIdentifier(identifier), ...(isCritical ? [boolean(true)] : []), octetString(content));
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  if (address === "::1") return Buffer.from([...Array.from({ length: 15 }, () => 0), 1]);
  throw new Error(`no bytes for address ${address}`);
}

function distinguishedName(commonName: string): Buffer {
  return sequence(set(sequence(objectIdentifier("2.5.4.3"), utf8String(commonName))));
}

function randomSerial(): Buffer {
  const bytes = randomBytes(8);
  bytes[0] = 0x40 | (bytes[0]! & 0x3f);
  return bytes;
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
