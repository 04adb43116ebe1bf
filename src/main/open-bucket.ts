import { BackupError } from "../core/backup-error.ts";
import { uuidV7 } from "../core/uuid-v7.ts";
import type { Clock } from "../ports/clock.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { ProbedPlace } from "../ports/probed-place.ts";
import type { RequestFigure, TransferLimitWishes } from "../ports/services.ts";
import type { Storage } from "../ports/storage.ts";
import type { RetryTimes } from "../storage/object/retrying-store.ts";
import type { TransferLimits } from "../storage/object/transfer-limits.ts";

/** Of the process. */
type Environment = Readonly<Record<string, string | undefined>>;

/** What all repositories of the process have in common. */
interface Network {
  readonly limits: TransferLimitWishes | undefined;
  /** Added to with each request. */
  readonly figures: Map<string, RequestFigure>;
  readonly retries: RetryTimes | undefined;
}

/**
 * Opens the repository that a URL names. The SDK of its service is loaded here, by whoever needs it.
 * @throws BackupError USAGE for a URL that cannot be used
 */
export async function openBucket(
  url: string,
  clock: Clock,
  environment: Environment,
  network: Network,
): Promise<Storage> {
  if (isSftp(url)) return await (await openSftp(url, environment, network)).storage(clock);
  const { ObjectStorage } = await import("../storage/object/object-storage.ts");
  return new ObjectStorage(await retrying(await openStore(url, environment), network), clock);
}

/** The same place, to be tried out. */
export async function openProbedBucket(
  url: string,
  clock: Clock,
  environment: Environment,
  network: Network,
): Promise<ProbedPlace> {
  if (isSftp(url)) return await (await openSftp(url, environment, network)).probed(uuidV7(clock.now()));
  const { ProbedStore } = await import("../storage/object/probed-store.ts");
  return new ProbedStore(await retrying(await openStore(url, environment), network), uuidV7(clock.now()));
}

function isSftp(url: string): boolean {
  return /^sftp:/i.test(url);
}

/** A server has what only file systems have. */
async function openSftp(url: string, environment: Environment, network: Network) {
  const [{ parseSftpUrl }, { SftpStore }] = await Promise.all([
    import("../storage/sftp/sftp-url.ts"),
    import("../storage/sftp/sftp-store.ts"),
  ]);
  const files = await SftpStore.open(parseSftpUrl(url, environment));
  const store = await retrying(files, network);
  return {
    storage: async (clock: Clock): Promise<Storage> =>
      new (await import("../storage/sftp/sftp-storage.ts")).SftpStorage(store, files, clock),
    probed: async (work: string): Promise<ProbedPlace> =>
      new (await import("../storage/sftp/probed-sftp.ts")).ProbedSftp(store, files, work),
  };
}

/** What repeats requests is around what limits them: who waits to ask again keeps nobody from asking. */
async function retrying(store: ObjectStore, { limits, figures, retries }: Network): Promise<ObjectStore> {
  const [{ RetryingStore }, { MeasuredStore }] = await Promise.all([
    import("../storage/object/retrying-store.ts"),
    import("../storage/object/measured-store.ts"),
  ]);
  const measured = new MeasuredStore(store, figures);
  if (limits === undefined) return new RetryingStore(measured, retries);
  const { LimitedStore } = await import("../storage/object/limited-store.ts");
  return new RetryingStore(new LimitedStore(measured, await sharedLimits(limits)), retries);
}

/** One for all repositories of the process. */
const shared = new WeakMap<TransferLimitWishes, Promise<TransferLimits>>();

function sharedLimits(wishes: TransferLimitWishes): Promise<TransferLimits> {
  let limits = shared.get(wishes);
  if (limits === undefined) {
    limits = import("../storage/object/transfer-limits.ts").then((module) => new module.TransferLimits(wishes));
    shared.set(wishes, limits);
  }
  return limits;
}

async function openStore(url: string, environment: Environment): Promise<ObjectStore> {
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
    hint: "use a folder, or s3://, minio://, b2://, azure://, gs:// or sftp://",
  });
}
