import { BackupError, type ErrorCode } from "../../core/backup-error.ts";
import type { GcsAnswer } from "./gcs-answer.ts";

interface Explanation {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly hint: string;
  readonly retry?: true;
}

const later = "run again later, or with fewer --jobs";
const noCredentials =
  "set GOOGLE_APPLICATION_CREDENTIALS to a key file, run gcloud auth application-default login, or give the machine a service account";
const slower: Explanation = { code: "IO", reason: "the service asks for fewer requests", hint: later, retry: true };
const unavailable: Explanation = { code: "IO", reason: "the service is not available", hint: later, retry: true };
const heldBack: Explanation = {
  code: "AUTH",
  reason: "a retention policy or a hold of the bucket forbids it",
  hint: "it can be done when the time of the policy is over",
};
const changed: Explanation = { code: "IO", reason: "the bytes arrived changed", hint: "run again", retry: true };

/** Reasons in Google's error answers (https://cloud.google.com/storage/docs/json_api/v1/status-codes). */
const byReason: Readonly<Record<string, Explanation>> = {
  rateLimitExceeded: slower,
  userRateLimitExceeded: slower,
  backendError: unavailable,
  internalError: unavailable,
  retentionPolicyNotMet: heldBack,
  objectUnderActiveHold: heldBack,
  userProjectMissing: {
    code: "AUTH",
    reason: "the bucket lets those pay who ask, and no project is named",
    hint: "name the project that pays: ?project=PROJECT",
  },
};

const byStatus: Readonly<Record<number, Explanation>> = {
  401: {
    code: "AUTH",
    reason: "the credentials were not accepted",
    hint: "check the account and its key, and whether the clock of this machine is right",
  },
  403: {
    code: "AUTH",
    reason: "access denied",
    hint: "give the account the right to do it: see docs/storage.md for the roles",
  },
  404: { code: "NOT_FOUND", reason: "there is no such object", hint: "see what is there with list" },
  408: { code: "IO", reason: "the service waited too long for the bytes", hint: later, retry: true },
  410: {
    code: "IO",
    reason: "the upload is not there any more",
    hint: "uploads that are not finished end after a week: run again",
  },
  429: slower,
};

const noBucket: Explanation = {
  code: "NOT_FOUND",
  reason: "there is no such bucket",
  hint: "create it, or check its name",
};

/** What the system calls connections that fail or break. */
const networkFailures = new Set(
  "ECONNRESET ECONNREFUSED ECONNABORTED EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH ENOTFOUND EAI_AGAIN ERR_STREAM_PREMATURE_CLOSE ABORT_ERR".split(
    " ",
  ),
);

/** An answer that says that something was not done. */
export class GcsRefusal extends Error {
  readonly status: number;
  /** Google's word for it; empty when it said none. */
  readonly reason: string;

  constructor({ status, body }: GcsAnswer) {
    const { message, reason } = errorOf(body);
    super(message ?? `status ${status}`);
    this.name = "GcsRefusal";
    this.status = status;
    this.reason = reason ?? "";
  }

  /** Whether it is the bucket that is missing. */
  get isOfBucket(): boolean {
    return this.status === 404 && /specified bucket/i.test(this.message);
  }
}

function errorOf(body: Buffer): { readonly message?: string; readonly reason?: string } {
  const text = body.toString("utf8");
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown; errors?: { reason?: unknown }[] } };
    const reason = error?.errors?.[0]?.reason;
    return {
      ...(typeof error?.message === "string" ? { message: error.message.slice(0, 500) } : {}),
      ...(typeof reason === "string" ? { reason } : {}),
    };
  } catch {
    // Sessions of uploads and proxies answer with plain text or HTML.
    return text === "" || text.includes("<") ? {} : { message: text.slice(0, 500) };
  }
}

/**
 * A failed request in words.
 * @param doing `writing`, `reading`, ...
 * @param object its URL
 */
export function gcsError(doing: string, object: string, error: unknown): BackupError {
  if (error instanceof BackupError) return error;
  if (error instanceof GcsRefusal && error.status === 412) {
    return new BackupError({
      code: "EXISTS",
      message: `"${object}" exists already`,
      object,
      hint: "choose another name; nothing is ever overwritten",
      cause: error,
    });
  }
  const { code, reason, hint, retry } = explain(error);
  return new BackupError({
    code,
    message: `${doing} failed: ${reason}`,
    object,
    hint,
    ...(retry === true ? { retry: "maybe" } : {}),
    cause: error,
  });
}

function explain(error: unknown): Explanation {
  if (error instanceof GcsRefusal) return explainRefusal(error);
  const { code = "", message } = error as Error & { code?: string };
  if (networkFailures.has(code) || message === "aborted" || (error as Error).name === "TimeoutError") {
    return { code: "CONNECT", reason: message, hint: "check the endpoint and the network", retry: true };
  }
  if (error instanceof SyntaxError) {
    return { code: "IO", reason: "the answer cannot be read", hint: "check the endpoint", retry: true };
  }
  return { code: "IO", reason: message, hint: "see what the service says of it" };
}

function explainRefusal(refusal: GcsRefusal): Explanation {
  const { status, reason, message } = refusal;
  if (refusal.isOfBucket) return noBucket;
  if (Object.hasOwn(byReason, reason)) return byReason[reason]!;
  if (Object.hasOwn(byStatus, status)) return byStatus[status]!;
  if (status >= 500) return unavailable;
  // "Provided CRC32C "..." doesn't match calculated CRC32C "..."."
  if (status === 400 && /match/i.test(message) && /crc32c|md5/i.test(message)) return changed;
  if (status === 400 && /object retention/i.test(message)) return withoutRetention;
  return { code: "IO", reason: message, hint: "see what the service says of it" };
}

const withoutRetention: Explanation = {
  code: "CONFIG",
  reason: "the bucket has no object retention, which object-lock asks for",
  hint: "use a bucket that was made with it (gcloud storage buckets create --enable-per-object-retention), or leave out object-lock",
};

/** Why there is no token. What the SDK throws holds what was sent, which is secret: of it only the message is told. */
export function credentialsError(object: string, error: unknown): BackupError {
  const { message, code, status } = error as Error & { code?: unknown; status?: unknown };
  const number = Number(status ?? code);
  const isNetwork = typeof code === "string" && networkFailures.has(code);
  const canRepeat = isNetwork || number >= 500 || number === 429;
  return new BackupError({
    code: isNetwork ? "CONNECT" : "AUTH",
    message: /default credentials/i.test(message)
      ? "no credentials were found"
      : `credentials could not be had: ${message.slice(0, 500)}`,
    object,
    hint: isNetwork ? "check the network" : noCredentials,
    ...(canRepeat ? { retry: "maybe" } : {}),
  });
}
