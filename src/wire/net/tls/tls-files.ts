import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Secret } from "../../../core/secret.ts";
import { configError } from "../config-error.ts";
import { shownText } from "../shown-text.ts";
import type { ClientCertificate } from "./tls-material.ts";

/** Files for TLS are small: a bundle of all public roots has about 250 kB. */
const maxFileLength = 8 * 1024 * 1024;

const pemBlocks = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

/** All certificates of a PEM file. */
export function readCertificates(path: string): string {
  const blocks = blocksOf(readText(path, "certificate file"), /CERTIFICATE$/);
  if (blocks.length === 0) {
    throw configError(`certificate file "${shownText(path)}" holds no certificate`, "it must be in PEM format");
  }
  for (const block of blocks) checkCertificate(block, path);
  return blocks.join("\n");
}

/** All revocation lists of a PEM file, one text each. */
export function readRevocationList(path: string): string[] {
  const blocks = blocksOf(readText(path, "revocation list"), /^X509 CRL$/);
  if (blocks.length > 0) return blocks;
  throw configError(`revocation list "${shownText(path)}" holds no list`, "it must be in PEM format");
}

/** A folder as `openssl rehash` makes it: `<8 hexadecimal digits>.r<number>`. */
export function readRevocationFolder(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw unreadable(folder, "folder of revocation lists", error);
  }
  const lists = names.filter((name) => /^[0-9a-f]{8}\.r\d+$/.test(name)).toSorted();
  return lists.flatMap((name) => readRevocationList(join(folder, name)));
}

/** A certificate with its chain, and the key that belongs to it. */
export function readClientCertificate(
  certificateFile: string,
  keyFile: string,
  password: string | undefined,
): ClientCertificate {
  const certificate = readCertificates(certificateFile);
  const key = readKey(keyFile, password);
  if (!new X509Certificate(certificate).checkPrivateKey(key)) {
    throw configError(
      `key "${shownText(keyFile)}" does not belong to certificate "${shownText(certificateFile)}"`,
      "name a certificate and the key that belongs to it (--ssl-cert, --ssl-key)",
    );
  }
  const files = { certificate: certificateFile, key: keyFile, hasPassword: password !== undefined };
  return { certificate, key: new Secret(key.export({ type: "pkcs8", format: "pem" }).toString()), files };
}

/** PEM or DER, with or without a password. */
function readKey(path: string, password: string | undefined): KeyObject {
  const name = shownText(path);
  checkKeyMode(path);
  const bytes = readBytes(path, "key");
  const isPem = bytes.includes("-----BEGIN ");
  const forms = isPem ? [{ format: "pem" as const }] : derForms;
  let failure: unknown;
  for (const form of forms) {
    try {
      return createPrivateKey({ key: bytes, ...form, ...(password === undefined ? {} : { passphrase: password }) });
    } catch (error) {
      failure ??= error;
    }
  }
  // Not the library's own words: they differ between versions and name no file.
  throw password === undefined
    ? configError(`key "${name}" cannot be read`, "if it has a password, give it with sslpassword", failure)
    : configError(`key "${name}" cannot be read with the given sslpassword`, "check the password", failure);
}

const derForms = [
  { format: "der" as const, type: "pkcs8" as const },
  { format: "der" as const, type: "pkcs1" as const },
  { format: "der" as const, type: "sec1" as const },
];

/** libpq's rule: nobody but the owner; a key of root's may be readable by a group. */
function checkKeyMode(path: string): void {
  if (process.platform === "win32") return;
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  const forbidden = stats.uid === 0 ? 0o037 : 0o077;
  if ((stats.mode & forbidden) !== 0) {
    throw configError(
      `key "${shownText(path)}" can be read or changed by others`,
      `run: chmod 600 '${shownText(path)}'`,
    );
  }
}

function checkCertificate(block: string, path: string): void {
  try {
    void new X509Certificate(block);
  } catch (error) {
    throw configError(`certificate file "${shownText(path)}" holds a damaged certificate`, "get the file again", error);
  }
}

function blocksOf(text: string, label: RegExp): string[] {
  return Array.from(text.matchAll(pemBlocks))
    .filter((match) => label.test(match[1]!))
    .map((match) => match[0]);
}

function readText(path: string, what: string): string {
  return readBytes(path, what).toString("latin1");
}

function readBytes(path: string, what: string): Buffer {
  try {
    if (statSync(path).size > maxFileLength)
      throw configError(`${what} "${shownText(path)}" is too large`, "check its path");
    return readFileSync(path);
  } catch (error) {
    throw unreadable(path, what, error);
  }
}

function unreadable(path: string, what: string, error: unknown): Error {
  const { code } = error as NodeJS.ErrnoException;
  return code === "CONFIG"
    ? (error as Error)
    : configError(`${what} "${shownText(path)}" cannot be read: ${code}`, "check its path and permissions", error);
}
