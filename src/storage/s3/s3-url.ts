import { BackupError } from "../../core/backup-error.ts";
import { isSafeRelativePath } from "../../core/safe-path.ts";
import { readBucketUrl } from "../object/bucket-url.ts";
import { isEndpoint } from "../object/parse-repository-url.ts";
import { readRetention, retentionParameters } from "../object/retention.ts";
import type { S3Settings } from "./s3-settings.ts";

/** What may stand behind the question mark. */
const parameters = new Set([
  "endpoint",
  "region",
  "path-style",
  "profile",
  "storage-class",
  "sse",
  "sse-kms-key-id",
  ...retentionParameters,
]);

/** Schemes of URLs that name a bucket of a service that speaks S3. */
export const s3Schemes: readonly string[] = ["s3:", "minio:", "b2:"];

/**
 * Reads `s3://BUCKET/PREFIX`, `minio://HOST:PORT/BUCKET/PREFIX` and `b2://BUCKET/PREFIX?region=REGION`, each with parameters
 * behind a question mark.
 * @param environment of the process: what MinIO's and Backblaze's own programs read their keys from
 * @throws BackupError USAGE
 */
export function parseS3Url(text: string, environment: Readonly<Record<string, string | undefined>>): S3Settings {
  const { scheme, hostname, host, path, given } = readBucketUrl(text, s3Schemes, parameters, refused);
  const [bucket = "", ...rest] = scheme === "minio:" ? path : [hostname, ...path];
  const prefix = rest.join("/");
  if (!/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/i.test(bucket))
    throw refused(
      bucket === ""
        ? "it names no bucket"
        : `"${bucket}" can be no bucket: names have 3 to 63 letters, digits, ".", "-"`,
    );
  if (prefix !== "" && !isSafeRelativePath(prefix)) throw refused("the path behind the bucket cannot be used");
  if (given["path-style"] !== undefined && !/^(true|false)$/.test(given["path-style"])) {
    throw refused('"path-style" is true or false');
  }
  if (given.region !== undefined && !/^[a-z0-9-]+$/i.test(given.region)) throw refused('"region" is none');
  if (given.endpoint !== undefined && !isEndpoint(given.endpoint)) {
    throw refused('"endpoint" is a URL of http or https, without credentials and parameters');
  }
  const endpoint = given.endpoint ?? endpointOf(scheme, host, given.region);
  const forcePathStyle =
    given["path-style"] === undefined ? (scheme === "minio:" ? true : undefined) : given["path-style"] === "true";
  return {
    bucket,
    prefix,
    region: given.region ?? (scheme === "minio:" ? "us-east-1" : undefined),
    endpoint,
    forcePathStyle,
    profile: given.profile,
    credentials: credentialsOf(scheme, environment),
    retention: readRetention(given, refused),
    storageClass: given["storage-class"],
    serverSideEncryption: encryptionOf(given.sse, given["sse-kms-key-id"]),
  };
}

function endpointOf(scheme: string, host: string, region: string | undefined): string | undefined {
  switch (scheme) {
    case "minio:":
      return `https://${host}`;
    case "b2:":
      if (region === undefined) {
        throw refused('Backblaze needs the region of the bucket: "?region=us-west-004"');
      }
      return `https://s3.${region}.backblazeb2.com`;
    default:
      return undefined;
  }
}

function credentialsOf(
  scheme: string,
  environment: Readonly<Record<string, string | undefined>>,
): S3Settings["credentials"] {
  const [id, secret] =
    scheme === "b2:"
      ? [environment.B2_APPLICATION_KEY_ID, environment.B2_APPLICATION_KEY]
      : scheme === "minio:"
        ? [environment.MINIO_ACCESS_KEY, environment.MINIO_SECRET_KEY]
        : [];
  return id === undefined || secret === undefined ? undefined : { accessKeyId: id, secretAccessKey: secret };
}

function encryptionOf(algorithm: string | undefined, keyId: string | undefined): S3Settings["serverSideEncryption"] {
  if (algorithm === undefined && keyId === undefined) return undefined;
  const chosen = algorithm ?? "aws:kms";
  if (!/^(AES256|aws:kms|aws:kms:dsse)$/.test(chosen)) throw refused('"sse" is AES256, aws:kms or aws:kms:dsse');
  if (chosen === "AES256" && keyId !== undefined) throw refused('"sse-kms-key-id" needs "sse=aws:kms"');
  return { algorithm: chosen, ...(keyId === undefined ? {} : { keyId }) };
}

function refused(reason: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: `the URL of the repository cannot be used: ${reason}`,
    hint: "as s3://BUCKET/PREFIX?region=REGION, or ?endpoint=https://HOST for another service; credentials come from the environment or ~/.aws",
  });
}
