import { BackupError, type ErrorCode } from "../../core/backup-error.ts";

interface Explanation {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly hint: string;
  readonly retry?: true;
}

const wrongKeys =
  "check the credentials: AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_CONNECTION_STRING";
const later = "run again later, or with fewer --jobs";
const moreRights =
  "give the identity the role Storage Blob Data Contributor, or the signature the rights of docs/storage.md";
const tellAccount = "check the key or signature, the network rules of the account, and the rights: see docs/storage.md";

/** Codes of the service's error answers (https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes) and of the SDK. */
const explanations: Readonly<Record<string, Explanation>> = {
  AuthenticationFailed: {
    code: "AUTH",
    reason: "the key or the signature is wrong, or has expired",
    hint: `${wrongKeys}; the machine's clock must be right`,
  },
  InvalidAuthenticationInfo: { code: "AUTH", reason: "the credentials are not accepted", hint: wrongKeys },
  NoAuthenticationInformation: { code: "AUTH", reason: "the service wants credentials", hint: wrongKeys },
  AuthorizationFailure: {
    code: "AUTH",
    reason: "the credentials are wrong, or have no right to it",
    hint: tellAccount,
  },
  AuthorizationPermissionMismatch: { code: "AUTH", reason: "access denied", hint: moreRights },
  AuthorizationResourceTypeMismatch: { code: "AUTH", reason: "access denied", hint: moreRights },
  AuthorizationServiceMismatch: { code: "AUTH", reason: "access denied", hint: moreRights },
  AuthorizationProtocolMismatch: {
    code: "AUTH",
    reason: "the signature is for https only",
    hint: "use an https endpoint",
  },
  AuthorizationSourceIPMismatch: { code: "AUTH", reason: "the signature is for other addresses", hint: tellAccount },
  InsufficientAccountPermissions: { code: "AUTH", reason: "access denied", hint: moreRights },
  KeyBasedAuthenticationNotPermitted: {
    code: "AUTH",
    reason: "the account takes no keys",
    hint: "unset AZURE_STORAGE_KEY and AZURE_STORAGE_CONNECTION_STRING, so that an identity is used",
  },
  AccountIsDisabled: { code: "AUTH", reason: "the storage account is disabled", hint: tellAccount },
  CredentialUnavailableError: {
    code: "AUTH",
    reason: "no credentials were found",
    hint: "set AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_CONNECTION_STRING, give the machine an identity, or run az login",
  },
  AuthenticationError: {
    code: "AUTH",
    reason: "no token was given for this identity",
    hint: "check AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET, or the identity of the machine",
  },
  ContainerNotFound: {
    code: "NOT_FOUND",
    reason: "there is no such container",
    hint: "create it, or check its name and the account",
  },
  BlobNotFound: { code: "NOT_FOUND", reason: "there is no such object", hint: "see what is there with list" },
  BlobAlreadyExists: {
    code: "EXISTS",
    reason: "it exists already",
    hint: "choose another name; nothing is ever overwritten",
  },
  BlobImmutableDueToPolicy: {
    code: "LOCKED",
    reason: "a policy does not let anybody change or remove the object yet",
    hint: "see its policy with the service's own tools",
  },
  BlobImmutableDueToLegalHold: {
    code: "LOCKED",
    reason: "the object is on legal hold",
    hint: "release the hold with the service's own tools, if it is yours",
  },
  ConditionNotMet: { code: "IO", reason: "another object has this name now", hint: "run again" },
  ContainerBeingDeleted: { code: "IO", reason: "the container is being deleted", hint: "use another one" },
  InvalidBlockList: {
    code: "IO",
    reason: "parts of the upload are not there any more",
    hint: "somebody wrote under the same name, or a week has passed: run again",
  },
  BlobArchived: {
    code: "IO",
    reason: "the object is in the archive tier and cannot be read",
    hint: "change its tier to Hot, Cool or Cold, and wait until that is done",
  },
  BlobBeingRehydrated: {
    code: "IO",
    reason: "the object comes back from the archive tier",
    hint: "wait until it is there",
  },
  SnapshotsPresent: { code: "IO", reason: "the object has snapshots", hint: "remove its snapshots first" },
  LeaseIdMissing: { code: "IO", reason: "somebody holds a lease on the object", hint: "end the lease first" },
  ServerBusy: { code: "IO", reason: "the service asks for fewer requests", hint: later, retry: true },
  InternalError: { code: "IO", reason: "the service reports an internal error", hint: later, retry: true },
  OperationTimedOut: { code: "IO", reason: "the service did not finish it in time", hint: later, retry: true },
  AbortError: { code: "CONNECT", reason: "the service did not answer in time", hint: later, retry: true },
  Md5Mismatch: { code: "IO", reason: "the bytes arrived changed", hint: "run again", retry: true },
  PARSE_ERROR: { code: "IO", reason: "the answer cannot be read", hint: later, retry: true },
};

/** Both of the SDK's names for a chain of credentials of which none serves. */
const sameAs: Readonly<Record<string, string>> = {
  AggregateAuthenticationError: "CredentialUnavailableError",
  AuthenticationRequiredError: "CredentialUnavailableError",
  ResourceNotFound: "BlobNotFound",
};

/** What the system and the SDK call connections that fail or break. */
const networkFailures = new Set(
  "ECONNRESET ECONNREFUSED ECONNABORTED EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH ENOTFOUND EAI_AGAIN ERR_STREAM_PREMATURE_CLOSE REQUEST_SEND_ERROR".split(
    " ",
  ),
);

/** What of a failed request its author must know. */
interface Failure {
  /** The service's code, or that of the system or the SDK. */
  readonly name: string;
  /** Of the answer, when there was one. */
  readonly status: number | undefined;
  /** Its first line: behind that the service gives the request's number and time. */
  readonly message: string;
}

/** Takes apart what the SDK throws. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: "", status: undefined, message: String(error) };
  const { statusCode, code, details } = error as {
    statusCode?: number;
    code?: string;
    details?: { errorCode?: string };
  };
  const named = details?.errorCode ?? code ?? error.name;
  const name = Object.hasOwn(sameAs, named) ? sameAs[named]! : named;
  return { name, status: statusCode, message: error.message.split("\n")[0]!.slice(0, 500) };
}

/**
 * A failed request in words. What the SDK threw is not kept: it holds the request with its signature.
 * @param doing `writing`, `reading`, ...
 * @param object its URL
 */
export function azureError(doing: string, object: string, error: unknown): BackupError {
  if (error instanceof BackupError) return error;
  const { name, status, message } = failureOf(error);
  const known = Object.hasOwn(explanations, name) ? explanations[name] : undefined;
  const noAnswer = networkFailures.has(name) || message === "aborted";
  const isCut = message.startsWith("Data corruption failure");
  const canRepeat =
    known?.retry === true || noAnswer || isCut || (status !== undefined && (status >= 500 || status === 429));
  const reason =
    known?.reason ?? (isCut ? "fewer bytes came than were asked for" : message || `${name} ${status ?? ""}`.trim());
  return new BackupError({
    code:
      known?.code ??
      (status === 404 ? "NOT_FOUND" : status === 401 || status === 403 ? "AUTH" : noAnswer ? "CONNECT" : "IO"),
    message: known?.code === "EXISTS" ? `"${object}" exists already` : `${doing} failed: ${reason}`,
    object,
    hint:
      known?.hint ??
      (noAnswer ? "check the account's name, the endpoint and the network" : "see what the service says of it"),
    ...(known === undefined || name === message ? {} : { details: detailsOf(error, name) }),
    ...(canRepeat ? { retry: "maybe" } : {}),
  });
}

/** Which credentials were looked for, and what of them was missing. */
function detailsOf(error: unknown, name: string): readonly string[] {
  if (name !== "CredentialUnavailableError" && name !== "AuthenticationError") return [];
  return (error as Error).message
    .split("\n")
    .slice(0, 12)
    .map((line) => line.slice(0, 300));
}
