import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { BackupError } from "../../../core/backup-error.ts";
import { saslPrep } from "./sasl-prep.ts";

/** Off the main thread: a server may ask for many rounds. */
const deriveKey = promisify(pbkdf2);

const nonceBytes = 18;
const keyLength = 32;

/**
 * What stands in front of the client's first message: whether the TLS connection is bound to the login.
 * `unsupported` and `not-offered` differ so that a server notices when somebody removed its offer.
 */
export type ScramBinding =
  | { readonly kind: "unsupported" }
  | { readonly kind: "not-offered" }
  | { readonly kind: "tls-server-end-point"; readonly certificateHash: Buffer };

/** What proves who we are: a password, or the two keys derived from it. */
export type ScramSecret =
  | { readonly kind: "password"; readonly password: string }
  | { readonly kind: "keys"; readonly clientKey: Buffer; readonly serverKey: Buffer };

export interface ScramOptions {
  readonly secret: ScramSecret;
  readonly binding: ScramBinding;
  readonly maxIterations: number;
  /** For tests of known vectors. */
  readonly nonce?: string;
  /** Servers take the name from the startup message; RFC vectors carry one here. */
  readonly user?: string;
}

/** SCRAM-SHA-256 and SCRAM-SHA-256-PLUS of RFC 5802 and 7677, the client's side; knows no sockets. */
export class ScramClient {
  readonly #options: ScramOptions;
  readonly #clientNonce: string;
  readonly #gs2Header: string;
  #serverSignature: Buffer | undefined;

  constructor(options: ScramOptions) {
    this.#options = options;
    this.#clientNonce = options.nonce ?? randomBytes(nonceBytes).toString("base64");
    this.#gs2Header = gs2Header(options.binding);
  }

  get mechanism(): "SCRAM-SHA-256" | "SCRAM-SHA-256-PLUS" {
    return this.#options.binding.kind === "tls-server-end-point" ? "SCRAM-SHA-256-PLUS" : "SCRAM-SHA-256";
  }

  clientFirst(): string {
    return this.#gs2Header + this.#clientFirstBare;
  }

  get #clientFirstBare(): string {
    return `n=${this.#options.user ?? ""},r=${this.#clientNonce}`;
  }

  /**
   * Answers the server's challenge.
   * @throws BackupError AUTH for a challenge that does not continue ours or asks for too many rounds.
   */
  async clientFinal(serverFirst: string): Promise<string> {
    const { nonce, salt, iterations } = this.#readChallenge(serverFirst);
    const { binding } = this.#options;
    const header = Buffer.from(this.#gs2Header, "utf8");
    const bound = binding.kind === "tls-server-end-point" ? Buffer.concat([header, binding.certificateHash]) : header;
    const withoutProof = `c=${bound.toString("base64")},r=${nonce}`;
    const signed = `${this.#clientFirstBare},${serverFirst},${withoutProof}`;
    const { clientKey, serverKey } = await keysOf(this.#options.secret, salt, iterations);
    const storedKey = createHash("sha256").update(clientKey).digest();
    const proof = hmac(storedKey, signed);
    for (let index = 0; index < proof.length; index++) proof[index]! ^= clientKey[index]!;
    this.#serverSignature = hmac(serverKey, signed);
    return `${withoutProof},p=${proof.toString("base64")}`;
  }

  /**
   * Checks that the server knows the secret too.
   * @throws BackupError AUTH when it does not.
   */
  checkServerFinal(serverFinal: string): void {
    const expected = this.#serverSignature;
    const text = /^v=([A-Za-z0-9+/]+={0,2})(?:,|$)/.exec(serverFinal)?.[1];
    const signature = text === undefined ? undefined : Buffer.from(text, "base64");
    if (expected === undefined || signature?.length !== expected.length || !timingSafeEqual(signature, expected)) {
      throw refused("the server could not prove that it knows the password", "this may not be the server you mean");
    }
  }

  #readChallenge(serverFirst: string): { nonce: string; salt: Buffer; iterations: number } {
    const match = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+={0,2}),i=([1-9][0-9]{0,9})(?:,.*)?$/s.exec(serverFirst);
    if (match === null) throw refused("the server sent a SCRAM challenge that cannot be read");
    const nonce = match[1]!;
    if (!nonce.startsWith(this.#clientNonce) || nonce.length === this.#clientNonce.length) {
      throw refused("the server's SCRAM challenge does not continue ours");
    }
    const iterations = Number(match[3]);
    const { maxIterations } = this.#options;
    if (iterations > maxIterations) {
      throw refused(
        `the server asks for ${iterations} SCRAM iterations, more than ${maxIterations}`,
        `add "scram_max_iterations=${iterations}" to the connection URL if that is intended`,
      );
    }
    return { nonce, salt: Buffer.from(match[2]!, "base64"), iterations };
  }
}

function gs2Header(binding: ScramBinding): string {
  switch (binding.kind) {
    case "unsupported":
      return "n,,";
    case "not-offered":
      return "y,,";
    case "tls-server-end-point":
      return "p=tls-server-end-point,,";
    default:
      return binding satisfies never;
  }
}

async function keysOf(
  secret: ScramSecret,
  salt: Buffer,
  iterations: number,
): Promise<{ readonly clientKey: Buffer; readonly serverKey: Buffer }> {
  if (secret.kind === "keys") return secret;
  const salted = await deriveKey(Buffer.from(saslPrep(secret.password), "utf8"), salt, iterations, keyLength, "sha256");
  return { clientKey: hmac(salted, "Client Key"), serverKey: hmac(salted, "Server Key") };
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text, "utf8").digest();
}

function refused(message: string, hint?: string): BackupError {
  return new BackupError({ code: "AUTH", message, ...(hint === undefined ? {} : { hint }) });
}
