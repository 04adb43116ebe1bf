import { BackupError } from "../../core/backup-error.ts";
import { isSafeRelativePath } from "../../core/safe-path.ts";
import { readBucketUrl } from "../object/bucket-url.ts";
import { readRetention, retentionParameters } from "../object/retention.ts";
import type { GcsSettings } from "./gcs-settings.ts";

/** What may stand behind the question mark. */
const parameters = new Set(["endpoint", "project", "storage-class", "kms-key", ...retentionParameters]);

/** Schemes of URLs that name a bucket of Google Cloud Storage. */
export const gcsSchemes: readonly string[] = ["gs:"];

const GOOGLE = "https://storage.googleapis.com";

/**
 * Reads `gs://BUCKET/PREFIX`, with parameters behind a question mark.
 * @param environment of the process: STORAGE_EMULATOR_HOST is the service when the URL names none
 * @throws BackupError USAGE
 */
export function parseGcsUrl(text: string, environment: Readonly<Record<string, string | undefined>>): GcsSettings {
  const { hostname: bucket, host, path, given } = readBucketUrl(text, gcsSchemes, parameters, refused);
  const prefix = path.join("/");
  if (host !== bucket || !/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(bucket)) throw refused("it names no bucket");
  if (prefix !== "" && !isSafeRelativePath(prefix)) throw refused("the path behind the bucket cannot be used");
  if (
    given.endpoint !== undefined &&
    (!/^https?:\/\/[^/@]+(\/[^?#@]*)?$/.test(given.endpoint) || !URL.canParse(given.endpoint))
  ) {
    throw refused('"endpoint" is a URL of http or https');
  }
  // The token that goes with each request is good for whoever reads it.
  if (given.endpoint?.startsWith("http:") === true && !isOnThisMachine(given.endpoint)) {
    throw refused('"endpoint" is one of https, since credentials go there; for an emulator set STORAGE_EMULATOR_HOST');
  }
  if (given["storage-class"] !== undefined && !/^[A-Z_]+$/.test(given["storage-class"])) {
    throw refused('"storage-class" is one as NEARLINE');
  }
  if (given.project !== undefined && !/^[a-z0-9:.-]+$/.test(given.project)) throw refused('"project" is none');
  if (
    given["kms-key"] !== undefined &&
    !/^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/.test(given["kms-key"])
  ) {
    throw refused('"kms-key" is as projects/P/locations/L/keyRings/R/cryptoKeys/K');
  }
  const emulator = given.endpoint === undefined ? emulatorOf(environment.STORAGE_EMULATOR_HOST) : undefined;
  return {
    bucket,
    prefix,
    endpoint: (given.endpoint ?? emulator ?? GOOGLE).replace(/\/+$/, ""),
    isAnonymous: emulator !== undefined,
    project: given.project,
    storageClass: given["storage-class"],
    kmsKey: given["kms-key"],
    retention: readRetention(given, refused),
  };
}

function isOnThisMachine(url: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname);
}

/** As Google's own libraries read it: with a scheme or without. */
function emulatorOf(host: string | undefined): string | undefined {
  if (host === undefined || host === "") return undefined;
  const url = /^https?:\/\//.test(host) ? host : `http://${host}`;
  if (!URL.canParse(url)) throw refused("STORAGE_EMULATOR_HOST is no address");
  return url;
}

function refused(reason: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: `the URL of the repository cannot be used: ${reason}`,
    hint: "as gs://BUCKET/PREFIX?storage-class=NEARLINE; credentials come from GOOGLE_APPLICATION_CREDENTIALS, gcloud or the machine",
  });
}
