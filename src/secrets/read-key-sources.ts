import type { KeyObject } from "node:crypto";
import { open } from "node:fs/promises";
import { BackupError } from "../core/backup-error.ts";
import { Secret } from "../core/secret.ts";
import type { KeyMaterial, KeySources } from "../ports/encryption.ts";
import { MAX_KEY_TEXT, parseKey, parseRecipient, parseSignKey, parseVerifyKey } from "./parse-key.ts";

/** What keys are read with, besides files. */
export interface KeySurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Asks at the terminal. @throws BackupError USAGE without one */
  readonly askPassphrase: () => Promise<Secret>;
}

/**
 * All keys that the user named.
 * @throws BackupError CONFIG for a file that others can read, a variable that is not set, and what is no key; NOT_FOUND, IO, USAGE
 */
export async function readKeySources(sources: KeySources, surroundings: KeySurroundings): Promise<KeyMaterial[]> {
  const keys: KeyMaterial[] = [];
  for (const path of sources.keyFiles)
    keys.push(parseKey(await readPrivateFile(path, "key file"), `key file "${path}"`));
  for (const name of sources.keyVariables) keys.push(keyOfVariable(name, surroundings.environment));
  for (const reference of sources.vaultKeys ?? []) {
    // Only then: Node's HTTP and TLS take 10 ms of CPU to load.
    const { readVaultKey } = await import("./vault/read-vault-key.ts");
    keys.push(await readVaultKey(reference, surroundings.environment));
  }
  for (const path of sources.passphraseFiles) {
    const passphrase = new Secret((await readPrivateFile(path, "passphrase file")).toString("utf8"));
    keys.push({ kind: "passphrase", passphrase: notEmpty(passphrase, `passphrase file "${path}"`) });
  }
  for (const recipient of sources.recipients) keys.push(await readRecipient(recipient));
  if (sources.asksPassphrase) {
    const passphrase = notEmpty(await surroundings.askPassphrase(), "passphrase");
    keys.push({ kind: "passphrase", passphrase });
  }
  return keys;
}

/** What a writer signs with. @throws BackupError CONFIG */
export async function readSignKey({ signKeyFile }: KeySources): Promise<KeyObject | undefined> {
  if (signKeyFile === undefined) return undefined;
  return parseSignKey(await readPrivateFile(signKeyFile, "file of the signing key"), `file "${signKeyFile}"`);
}

/** Who may have written what is read. @throws BackupError CONFIG */
export async function readVerifyKeys({ verifyKeys = [] }: KeySources): Promise<KeyObject[]> {
  return await Promise.all(
    verifyKeys.map(async (key) => {
      if (key.startsWith("ed25519:")) return parseVerifyKey(key, `verify key "${key}"`);
      const contents = await readFile(key, "file of a writer's public key", () => undefined);
      return parseVerifyKey(contents.toString("latin1"), `file "${key}"`);
    }),
  );
}

function keyOfVariable(name: string, environment: KeySurroundings["environment"]): KeyMaterial {
  const value = environment[name];
  if (value === undefined || value === "") {
    throw new BackupError({
      code: "CONFIG",
      message: `the environment variable "${name}", which holds the key, is not set`,
      hint: "set it for this program only, or use --key-file",
    });
  }
  return parseKey(Buffer.from(value, "utf8"), `environment variable "${name}"`);
}

async function readRecipient(recipient: string): Promise<KeyMaterial> {
  if (/^(?:x25519|p256):/.test(recipient)) return parseRecipient(recipient, `recipient "${recipient}"`);
  const contents = await readFile(recipient, "file of a recipient", () => undefined);
  return parseRecipient(contents.toString("latin1"), `file "${recipient}"`);
}

function readPrivateFile(path: string, what: string): Promise<Buffer> {
  return readFile(path, what, (mode) => {
    if ((mode & 0o077) === 0) return;
    throw new BackupError({
      code: "CONFIG",
      message: `others can read or change the ${what} "${path}"`,
      hint: `chmod 600 ${path}`,
    });
  });
}

async function readFile(path: string, what: string, checkMode: (mode: number) => void): Promise<Buffer> {
  try {
    await using handle = await open(path, "r");
    const stat = await handle.stat();
    if (!stat.isFile()) throw unreadable(path, what, "it is no regular file");
    checkMode(stat.mode);
    const contents = Buffer.alloc(MAX_KEY_TEXT + 1);
    const { bytesRead } = await handle.read(contents, 0, contents.length, 0);
    if (bytesRead > MAX_KEY_TEXT) throw unreadable(path, what, "it is too long");
    return contents.subarray(0, bytesRead);
  } catch (error) {
    if (error instanceof BackupError) throw error;
    throw unreadable(path, what, (error as Error).message, error);
  }
}

function unreadable(path: string, what: string, why: string, cause?: unknown): BackupError {
  return new BackupError({ code: "CONFIG", message: `the ${what} "${path}" cannot be read: ${why}`, cause });
}

function notEmpty(passphrase: Secret, from: string): Secret {
  if (passphrase.reveal().trim() !== "") return passphrase;
  throw new BackupError({ code: "CONFIG", message: `the ${from} is empty`, hint: "use a sentence of several words" });
}
