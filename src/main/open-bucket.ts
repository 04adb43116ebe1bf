import { BackupError } from "../core/backup-error.ts";
import type { Clock } from "../ports/clock.ts";
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
  const { parseS3Url, s3Schemes } = await import("../storage/s3/s3-url.ts");
  const scheme = url.slice(0, url.indexOf(":") + 1).toLowerCase();
  if (!s3Schemes.includes(scheme)) {
    throw new BackupError({
      code: "USAGE",
      message: `repositories at "${scheme}//" are not known`,
      hint: "use a folder, or s3://, minio:// or b2://",
    });
  }
  const settings = parseS3Url(url, environment);
  const [{ ObjectStorage }, { RetryingStore }, { S3Store }] = await Promise.all([
    import("../storage/object/object-storage.ts"),
    import("../storage/object/retrying-store.ts"),
    import("../storage/s3/s3-store.ts"),
  ]);
  return new ObjectStorage(new RetryingStore(await S3Store.open(settings)), clock);
}
