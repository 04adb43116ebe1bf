import { lstat, readFile, stat } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { homedir } from "node:os";
import { join } from "node:path";
import { BackupError } from "../../core/backup-error.ts";
import { printable } from "../../core/printable.ts";
import { Secret } from "../../core/secret.ts";

/** Variables as Vault's own client reads them. */
export type VaultEnvironment = Readonly<Record<string, string | undefined>>;

/** What a client is to give: for messages. */
export interface VaultPurpose {
  readonly what: "key" | "password";
  /** Where the user named it. */
  readonly namedBy: string;
}

/** From the first byte of the question to the last of the answer. */
const TIMEOUT_MS = 15_000;
/** Of an answer: secrets are small. */
const MAX_ANSWER_BYTES = 1024 * 1024;
const MAX_TOKEN_BYTES = 16 * 1024;
const MAX_SHOWN = 200;

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Asks a server of HashiCorp Vault, or of OpenBao, over its HTTP API. Answers that lead elsewhere are not followed: the token goes
 * to the address that the user gave, and to no other.
 */
export class VaultClient {
  /** As the user gave it. */
  readonly address: string;
  readonly #purpose: VaultPurpose;
  readonly #token: Secret;
  readonly #namespace: string | undefined;
  readonly #ca: Buffer | undefined;

  private constructor(
    address: string,
    purpose: VaultPurpose,
    token: Secret,
    namespace: string | undefined,
    ca: Buffer | undefined,
  ) {
    this.address = address;
    this.#purpose = purpose;
    this.#token = token;
    this.#namespace = namespace;
    this.#ca = ca;
  }

  /**
   * By VAULT_ADDR, VAULT_TOKEN (or the file of VAULT_TOKEN_FILE, or ~/.vault-token), VAULT_NAMESPACE and VAULT_CACERT.
   * @throws BackupError CONFIG
   */
  static async open(environment: VaultEnvironment, purpose: VaultPurpose): Promise<VaultClient> {
    const address = (environment["VAULT_ADDR"] ?? "").replace(/\/+$/, "");
    const url = URL.parse(address);
    if (url === null || !["http:", "https:"].includes(url.protocol) || url.username !== "" || url.password !== "") {
      throw misconfigured("VAULT_ADDR does not name Vault's address", "set it: https://vault.example.com:8200");
    }
    if (/^(?:1|t|true)$/i.test(environment["VAULT_SKIP_VERIFY"] ?? "")) {
      throw misconfigured(
        "VAULT_SKIP_VERIFY is set, and whoever answers as Vault would be given the token",
        "name the certificate of its authority with VAULT_CACERT",
      );
    }
    const caFile = environment["VAULT_CACERT"];
    const ca = caFile === undefined || caFile === "" ? undefined : await readFileOf("VAULT_CACERT", caFile);
    return new VaultClient(address, purpose, await tokenOf(environment), environment["VAULT_NAMESPACE"], ca);
  }

  /**
   * @param path below /v1/
   * @returns `data` of the answer
   * @throws BackupError CONNECT, AUTH, NOT_FOUND, KEY for a question that Vault calls invalid, SERVER, PROTOCOL
   */
  async ask(method: "GET" | "POST", path: string, question?: Readonly<Record<string, string>>): Promise<unknown> {
    const { status, body } = await this.#send(method, path, question);
    if (status !== 200) throw this.#refusal(status, path, body);
    const data = fieldOf(body, "data");
    if (data === undefined) throw this.#error("PROTOCOL", path, "its answer is none of Vault's");
    return data;
  }

  async #send(method: string, path: string, question: unknown): Promise<Answer> {
    const url = new URL(`${this.address}/v1/${path}`);
    const content = question === undefined ? undefined : Buffer.from(JSON.stringify(question));
    const headers = {
      "X-Vault-Token": this.#token.reveal(),
      "X-Vault-Request": "true",
      ...(this.#namespace === undefined || this.#namespace === "" ? {} : { "X-Vault-Namespace": this.#namespace }),
      ...(content === undefined ? {} : { "Content-Type": "application/json", "Content-Length": content.length }),
    };
    const options = { method, headers, signal: AbortSignal.timeout(TIMEOUT_MS), agent: false as const };
    try {
      return await new Promise<Answer>((resolve, reject) => {
        const request =
          url.protocol === "https:"
            ? httpsRequest(url, { ...options, ...(this.#ca === undefined ? {} : { ca: this.#ca }) })
            : httpRequest(url, options);
        request.on("error", reject);
        request.on("response", (response) => {
          const pieces: Buffer[] = [];
          let size = 0;
          response.on("error", reject);
          response.on("data", (piece: Buffer) => {
            size += piece.length;
            if (size > MAX_ANSWER_BYTES) request.destroy(new Error("the answer is too long"));
            else pieces.push(piece);
          });
          response.on("end", () => {
            resolve({ status: response.statusCode ?? 0, body: parsed(Buffer.concat(pieces)) });
          });
        });
        request.end(content);
      });
    } catch (cause) {
      const isLate = (cause as Error).name === "TimeoutError" || (cause as Error).name === "AbortError";
      const why = isLate ? `it did not answer within ${TIMEOUT_MS / 1000} seconds` : reasonOf(cause);
      throw this.#error("CONNECT", path, why, "check VAULT_ADDR, VAULT_CACERT, and whether it runs", cause);
    }
  }

  #refusal(status: number, path: string, body: unknown): BackupError {
    const said = errorsOf(body);
    const text = said === "" ? "" : ` (${said})`;
    if (status >= 300 && status < 400) {
      return this.#error("SERVER", path, "it sends us to another address", "set VAULT_ADDR to the active node");
    }
    if (status === 503 || /sealed/i.test(said)) {
      return this.#error("SERVER", path, `it is sealed, or down for maintenance${text}`, "unseal it, and try again");
    }
    if (status === 403) {
      return this.#error(
        "AUTH",
        path,
        `the token may not do that, or is none any more${text}`,
        "log in again, and check its policy",
      );
    }
    if (status === 400 && /not found/i.test(said)) {
      return this.#error(
        "NOT_FOUND",
        path,
        `there is no such key${text}`,
        `check the name in ${this.#purpose.namedBy}`,
      );
    }
    if (status === 400) return this.#error("KEY", path, `it does not take what was asked${text}`);
    if (status === 404 && /no handler for route/i.test(said)) {
      return this.#error(
        "NOT_FOUND",
        path,
        `nothing is mounted there${text}`,
        `check the mount in ${this.#purpose.namedBy}`,
      );
    }
    if (status === 404) {
      return this.#error(
        "NOT_FOUND",
        path,
        "there is nothing, or the token may not see it",
        `check the path in ${this.#purpose.namedBy}`,
      );
    }
    return this.#error("SERVER", path, `it answers with status ${status}${text}`, "see Vault's log");
  }

  #error(
    code: "CONNECT" | "AUTH" | "NOT_FOUND" | "KEY" | "SERVER" | "PROTOCOL",
    path: string,
    why: string,
    hint?: string,
    cause?: unknown,
  ): BackupError {
    return new BackupError({
      code,
      message: `Vault does not give the ${this.#purpose.what}: ${why}`,
      object: `${this.address}/v1/${path}`,
      ...(hint === undefined ? {} : { hint }),
      ...(code === "CONNECT" ? { retry: "maybe" as const } : {}),
      // The request, with the token in it, hangs on no error of Node's.
      ...(cause === undefined ? {} : { cause: new Error(reasonOf(cause)) }),
    });
  }
}

async function tokenOf(environment: VaultEnvironment): Promise<Secret> {
  const given = environment["VAULT_TOKEN"] ?? "";
  if (given !== "") return checkedToken(given, "VAULT_TOKEN");
  const named = environment["VAULT_TOKEN_FILE"] ?? "";
  const usual = join(environment["HOME"] ?? homedir(), ".vault-token");
  if (named !== "" || (await lstat(usual).catch(() => undefined)) !== undefined) {
    const [path, from] = named === "" ? [usual, usual] : [named, "VAULT_TOKEN_FILE"];
    const text = (await readFileOf(from, path)).toString("utf8");
    if (((await stat(path)).mode & 0o077) === 0) return checkedToken(text, from);
    throw misconfigured(`others can read or change the file with the token for Vault, "${path}"`, `chmod 600 ${path}`);
  }
  throw misconfigured(
    "there is no token for Vault",
    'set VAULT_TOKEN or VAULT_TOKEN_FILE, or log in with "vault login"',
  );
}

function checkedToken(text: string, from: string): Secret {
  const token = text.trim();
  if (token.length > 0 && token.length < MAX_TOKEN_BYTES && /^[\x21-\x7e]+$/.test(token)) return new Secret(token);
  throw misconfigured(`what ${from} holds is no token of Vault`, 'log in with "vault login"');
}

async function readFileOf(name: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw misconfigured(`the file of ${name} cannot be read: ${reasonOf(cause)}`, "check the path");
  }
}

function misconfigured(message: string, hint: string): BackupError {
  return new BackupError({ code: "CONFIG", message, hint });
}

function reasonOf(cause: unknown): string {
  const { message, code, errors } = cause as Error & { code?: string; errors?: readonly Error[] };
  // Of several addresses of one name Node tells all.
  return printable(message || errors?.[0]?.message || code || "unknown").slice(0, MAX_SHOWN);
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** A field of an object that came from elsewhere. */
export function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

function errorsOf(body: unknown): string {
  const errors = fieldOf(body, "errors");
  const texts = Array.isArray(errors) ? errors.filter((error) => typeof error === "string") : [];
  return printable(texts.join("; ").replaceAll(/\s+/g, " ")).slice(0, MAX_SHOWN);
}
