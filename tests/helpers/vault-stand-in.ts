import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * A stand-in for HashiCorp Vault, and not Vault: it answers the few requests that we make (KV version 2: read; transit: read a key,
 * encrypt, decrypt) with the statuses, bodies and error texts that Vault's API documentation and its answers have. What it
 * does not know it refuses. Policies are a list of paths that a token may not use.
 */
export class VaultStandIn implements AsyncDisposable {
  readonly token = `hvs.${randomBytes(24).toString("base64url")}`;
  isSealed = false;
  /** Answers never come. */
  isSilent = false;
  /** Answers send the client there. */
  redirectsTo: string | undefined;
  readonly forbidden = new Set<string>();
  /** Of the KV engine that is mounted at `secret`. */
  readonly secrets = new Map<string, Readonly<Record<string, unknown>>>();
  /** Of the transit engine that is mounted at `transit`: versions of each key. */
  readonly keys = new Map<string, Buffer[]>();
  /** What was asked: method, path, namespace. */
  readonly asked: { readonly method: string; readonly path: string; readonly namespace: string | undefined }[] = [];
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  static async start(): Promise<VaultStandIn> {
    const vault = new VaultStandIn();
    await new Promise<void>((resolve) => vault.#server.listen(0, "127.0.0.1", resolve));
    return vault;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** For the program. */
  get environment(): Record<string, string> {
    return { VAULT_ADDR: this.address, VAULT_TOKEN: this.token };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const path = new URL(request.url!, "http://vault").pathname.replace(/^\/v1\//, "");
    const namespace = request.headers["x-vault-namespace"] as string | undefined;
    this.asked.push({ method: request.method!, path, namespace });
    if (this.isSilent) return;
    if (this.redirectsTo !== undefined) {
      response.writeHead(307, { Location: `${this.redirectsTo}${request.url}` }).end();
      return;
    }
    const [status, body] = this.#respond(request, path, Buffer.concat(pieces));
    response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
    response.end(`${JSON.stringify(body)}\n`);
  }

  #respond(request: IncomingMessage, path: string, question: Buffer): [number, unknown] {
    if (this.isSealed) return [503, { errors: ["Vault is sealed"] }];
    const isKnown = request.headers["x-vault-token"] === this.token;
    if (!isKnown) return [403, { errors: ["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"] }];
    if (this.forbidden.has(path)) return [403, { errors: ["1 error occurred:\n\t* permission denied\n\n"] }];
    const [mount, action, ...rest] = path.split("/");
    const name = decodeURIComponent(rest.join("/"));
    if (mount === "secret") return this.#readSecret(action!, name);
    if (mount === "transit") return this.#transit(action!, name, question);
    return [404, { errors: [`no handler for route "${path}". route entry not found.`] }];
  }

  #readSecret(action: string, name: string): [number, unknown] {
    const data = this.secrets.get(name);
    if (action !== "data" || data === undefined) return [404, { errors: [] }];
    return [
      200,
      this.#enveloped({ data, metadata: { created_time: "2026-01-01T00:00:00Z", destroyed: false, version: 1 } }),
    ];
  }

  #transit(action: string, name: string, question: Buffer): [number, unknown] {
    const versions = this.keys.get(name);
    if (action === "keys")
      return versions === undefined ? [404, { errors: [] }] : [200, this.#enveloped({ name, type: "aes256-gcm96" })];
    if (versions === undefined) return [400, { errors: ["encryption key not found"] }];
    const { plaintext, ciphertext } = JSON.parse(question.toString("utf8")) as Record<string, string>;
    if (action === "encrypt")
      return [200, this.#enveloped({ ciphertext: wrap(versions, plaintext!), key_version: versions.length })];
    const opened = unwrap(versions, ciphertext!);
    if (opened === undefined) return [400, { errors: ["cipher: message authentication failed"] }];
    return [200, this.#enveloped({ plaintext: opened })];
  }

  #enveloped(data: unknown) {
    const none = { lease_id: "", renewable: false, lease_duration: 0, wrap_info: null, warnings: null, auth: null };
    return { request_id: "6a1f2b3c-0000-4000-8000-000000000000", ...none, data };
  }
}

function wrap(versions: readonly Buffer[], plaintext: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", versions.at(-1)!, nonce, { authTagLength: 16 });
  const bytes = Buffer.concat([
    nonce,
    cipher.update(Buffer.from(plaintext, "base64")),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return `vault:v${versions.length}:${bytes.toString("base64")}`;
}

function unwrap(versions: readonly Buffer[], ciphertext: string): string | undefined {
  const [, version, text] = /^vault:v(\d+):(.+)$/.exec(ciphertext) ?? [];
  const key = versions[Number(version) - 1];
  const bytes = Buffer.from(text ?? "", "base64");
  if (key === undefined || bytes.length < 28) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12), { authTagLength: 16 });
  decipher.setAuthTag(bytes.subarray(-16));
  const plain = decipher.update(bytes.subarray(12, -16));
  try {
    return Buffer.concat([plain, decipher.final()]).toString("base64");
  } catch {
    return undefined;
  }
}
