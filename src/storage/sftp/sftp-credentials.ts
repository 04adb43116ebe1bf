import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { LogInMethod } from "ssh2";
import { BackupError } from "../../core/backup-error.ts";
import type { SftpSettings } from "./sftp-settings.ts";

/** Where ssh keeps keys when nobody says otherwise, in the order that it tries them. */
const USUAL_KEYS = ["id_ed25519", "id_ecdsa", "id_rsa"];

type ParseKey = typeof import("./sftp-sdk.ts").parseKey;

/** How one may log in, in the order that it is tried. */
export interface SftpCredentials {
  readonly methods: readonly LogInMethod[];
  /** Why others are missing, for the one that is told that none was accepted. */
  readonly notes: readonly string[];
}

/** @throws BackupError CONFIG for a file that was named and cannot be used */
export async function sftpCredentials(settings: SftpSettings, parseKey: ParseKey): Promise<SftpCredentials> {
  const { user: username, identity, agent, home } = settings;
  const password =
    settings.password?.reveal() ?? (settings.passwordFile && (await readSecretFile(settings.passwordFile)));
  const passphrase =
    settings.keyPassphrase?.reveal() ??
    (settings.keyPassphraseFile && (await readSecretFile(settings.keyPassphraseFile)));
  const methods: LogInMethod[] = [];
  const notes: string[] = [];
  if (identity === undefined && agent !== undefined) methods.push({ type: "agent", username, agent });
  for (const path of identity === undefined ? USUAL_KEYS.map((name) => join(home, ".ssh", name)) : [identity]) {
    const text = await readKeyFile(path, identity !== undefined);
    if (text === undefined) continue;
    const key = parseKey(text, passphrase);
    if (!(key instanceof Error) && key.isPrivateKey()) methods.push({ type: "publickey", username, key });
    else {
      const reason = key instanceof Error ? key.message : "it is no private key";
      if (identity !== undefined) throw unusable(path, reason);
      notes.push(`"${path}" was not tried: ${reason}`);
    }
  }
  if (password !== undefined) {
    methods.push({ type: "password", username, password });
    // Servers that ask PAM want it as the answer to a question.
    methods.push({
      type: "keyboard-interactive",
      username,
      prompt: (_name, _instructions, _language, prompts, finish) =>
        finish(prompts.map(({ echo }) => (echo === true ? "" : password))),
    });
  }
  return { methods, notes };
}

async function readKeyFile(path: string, isNamed: boolean): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (!isNamed) return undefined;
    throw unusable(path, (cause as Error).message, cause);
  }
}

function unusable(path: string, reason: string, cause?: unknown): BackupError {
  return new BackupError({
    code: "CONFIG",
    message: `the private key cannot be used: ${reason}`,
    object: path,
    hint: "name a private key as ssh-keygen makes them; the passphrase of an encrypted one comes from DBBACKUP_SFTP_KEY_PASSPHRASE or the parameter passphrase-file",
    cause,
  });
}

/** The text of a file without the line break at its end. */
async function readSecretFile(path: string): Promise<string> {
  try {
    const { mode } = await stat(path);
    if (process.platform !== "win32" && (mode & 0o077) !== 0) throw new Error("others than its owner can read it");
    return (await readFile(path, "utf8")).replace(/\r?\n$/, "");
  } catch (cause) {
    throw new BackupError({
      code: "CONFIG",
      message: `the file with the secret cannot be used: ${(cause as Error).message}`,
      object: path,
      hint: `make it readable by its owner only: chmod 600 "${path}"`,
      cause,
    });
  }
}
