import { BackupError, type ErrorCode } from "../../core/backup-error.ts";
import { anotherObject } from "../object/transfer-errors.ts";

interface Explanation {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly hint: string;
  readonly retry?: true;
}

const wrongKeys = "check the credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile";
const later = "run again later, or with fewer --jobs";

/** Codes of S3's error answers (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html) and of the SDK. */
const explanations: Readonly<Record<string, Explanation>> = {
  AccessDenied: {
    code: "AUTH",
    reason: "access denied",
    hint: "give the credentials the right to do it: see docs/storage.md for the policy",
  },
  InvalidAccessKeyId: { code: "AUTH", reason: "the access key is not known there", hint: wrongKeys },
  SignatureDoesNotMatch: { code: "AUTH", reason: "the secret key is wrong", hint: wrongKeys },
  ExpiredToken: { code: "AUTH", reason: "the session token has expired", hint: "get new credentials" },
  InvalidToken: { code: "AUTH", reason: "the session token is not valid", hint: "get new credentials" },
  CredentialsProviderError: {
    code: "AUTH",
    reason: "no credentials were found",
    hint: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, choose a profile with AWS_PROFILE, or give the machine a role",
  },
  RequestTimeTooSkewed: {
    code: "AUTH",
    reason: "this machine's clock differs from the service's by more than 15 minutes",
    hint: "set the clock right (chronyd, systemd-timesyncd)",
  },
  NoSuchBucket: {
    code: "NOT_FOUND",
    reason: "there is no such bucket",
    hint: "create it, or check its name and region",
  },
  NoSuchKey: { code: "NOT_FOUND", reason: "there is no such object", hint: "see what is there with list" },
  NoSuchUpload: {
    code: "IO",
    reason: "the upload is not there any more",
    hint: "a rule of the bucket, or somebody, has removed it: run again",
  },
  InvalidObjectState: {
    code: "IO",
    reason: "the object is in an archive class and cannot be read",
    hint: "restore it to a readable class first",
  },
  PermanentRedirect: {
    code: "IO",
    reason: "the bucket is in another region",
    hint: "name the region of the bucket",
  },
  SlowDown: { code: "IO", reason: "the service asks for fewer requests", hint: later, retry: true },
  ServiceUnavailable: { code: "IO", reason: "the service is not available", hint: later, retry: true },
  InternalError: { code: "IO", reason: "the service reports an internal error", hint: later, retry: true },
  RequestTimeout: { code: "IO", reason: "the service waited too long for the bytes", hint: later, retry: true },
  TimeoutError: { code: "CONNECT", reason: "the service did not answer in time", hint: later, retry: true },
  BadDigest: { code: "IO", reason: "the bytes arrived changed", hint: "run again", retry: true },
  XAmzContentSHA256Mismatch: { code: "IO", reason: "the bytes arrived changed", hint: "run again", retry: true },
  ConditionalRequestConflict: {
    code: "IO",
    reason: "another request was at work on the key",
    hint: later,
    retry: true,
  },
};

const noObjectLock: Explanation = {
  code: "IO",
  reason: "the bucket has no object lock",
  hint: "leave out object-lock and retain-days, or use a bucket that object lock was enabled for",
};

/** Some codes say many things. */
function explanationOf(name: string, message: string): Explanation | undefined {
  if (name === "InvalidRequest" && /Object ?Lock ?Configuration/.test(message)) return noObjectLock;
  return Object.hasOwn(explanations, name) ? explanations[name] : undefined;
}

/** What the system and the SDK call connections that fail or break. */
const networkFailures = new Set(
  "ECONNRESET ECONNREFUSED ECONNABORTED EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH ENOTFOUND EAI_AGAIN ERR_STREAM_PREMATURE_CLOSE TimeoutError IncompleteBody".split(
    " ",
  ),
);

/** What of a failed request its author must know. */
interface Failure {
  /** S3's code, or that of the system or the SDK. */
  readonly name: string;
  /** Of the answer, when there was one. */
  readonly status: number | undefined;
  readonly message: string;
}

/** Takes apart what the SDK throws. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: "", status: undefined, message: String(error) };
  const { $metadata, Code, code } = error as { $metadata?: { httpStatusCode?: number }; Code?: string; code?: string };
  return { name: Code ?? code ?? error.name, status: $metadata?.httpStatusCode, message: error.message };
}

/**
 * A failed request in words.
 * @param doing `writing`, `reading`, ...
 * @param object its URL
 */
export function s3Error(doing: string, object: string, error: unknown): BackupError {
  if (error instanceof BackupError) return error;
  const { name, status, message } = failureOf(error);
  if (status === 412 && doing === "reading") return anotherObject(object, error);
  if (status === 412) {
    return new BackupError({
      code: "EXISTS",
      message: `"${object}" exists already`,
      object,
      hint: "choose another name; nothing is ever overwritten",
      cause: error,
    });
  }
  const known = explanationOf(name, message);
  const isGarbled = message.includes("Deserialization error");
  const noAnswer = networkFailures.has(name) || message === "aborted";
  const canRepeat =
    known?.retry === true || noAnswer || isGarbled || (status !== undefined && (status >= 500 || status === 429));
  return new BackupError({
    code: known?.code ?? (status === 404 ? "NOT_FOUND" : status === 403 ? "AUTH" : noAnswer ? "CONNECT" : "IO"),
    message: `${doing} failed: ${known?.reason ?? (isGarbled ? "the answer cannot be read" : message === "" || message === "UnknownError" ? `${name} ${status ?? ""}`.trim() : message)}`,
    object,
    hint: known?.hint ?? (noAnswer ? "check the endpoint and the network" : "see what the service says of it"),
    ...(canRepeat ? { retry: "maybe" } : {}),
    cause: error,
  });
}
