import { BackupError } from "../core/backup-error.ts";
import type { Clock } from "../ports/clock.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { Storage } from "../ports/storage.ts";

/**
 * Opens the repository that a URL names. The SDK of its service is loaded here, by whoever needs it.
 * @param environment of the process
 * @throws BackupError USAGE for a URL that cannot be used
 */
export async function openBucket(
  url: string,
  clock: Clock,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Storage> {
  const [{ ObjectStorage }, { RetryingStore }] = await Promise.all([
    import("../storage/object/object-storage.ts"),
    import("../storage/object/retrying-store.ts"),
  ]);
  return new ObjectStorage(new RetryingStore(await openStore(url, environment)), clock);
}

async function openStore(url: string, environment: Readonly<Record<string, string | undefined>>): Promise<ObjectStore> {
  const scheme = url.slice(0, url.indexOf(":") + 1).toLowerCase();
  const { parseS3Url, s3Schemes } = await import("../storage/s3/s3-url.ts");
  if (s3Schemes.includes(scheme)) {
    const settings = parseS3Url(url, environment);
    return await (await import("../storage/s3/s3-store.ts")).S3Store.open(settings);
  }
  const { azureSchemes, parseAzureUrl } = await import("../storage/azure/azure-url.ts");
  if (azureSchemes.includes(scheme)) {
    const settings = parseAzureUrl(url, environment);
    return await (await import("../storage/azure/azure-store.ts")).AzureStore.open(settings);
  }
  const { gcsSchemes, parseGcsUrl } = await import("../storage/gcs/gcs-url.ts");
  if (gcsSchemes.includes(scheme)) {
    const settings = parseGcsUrl(url, environment);
    return await (await import("../storage/gcs/gcs-store.ts")).GcsStore.open(settings);
  }
  throw new BackupError({
    code: "USAGE",
    message: `repositories at "${scheme}//" are not known`,
    hint: "use a folder, or s3://, minio://, b2://, azure:// or gs://",
  });
}
