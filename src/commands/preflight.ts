import { BackupError } from "../core/backup-error.ts";
import type { Clock } from "../ports/clock.ts";
import type { Check, SourceChecker, SourceCheckRequest, SourceReport } from "../ports/preflight.ts";
import type { ProbedPlace } from "../ports/probed-place.ts";
import type { Storage } from "../ports/storage.ts";
import { probeRepository, type RepositoryReport } from "./probe-repository.ts";

export interface PreflightReport {
  /** When there was a request. */
  readonly source?: SourceReport;
  readonly repository: RepositoryReport;
  /** Of the source, then of the repository. */
  readonly checks: readonly Check[];
}

/** What is looked at, and with what. */
export interface PreflightPorts {
  readonly sourceChecker?: SourceChecker;
  readonly repository: Storage;
  readonly place: ProbedPlace;
  readonly clock: Clock;
}

/** A compressed backup of less than this share of the data is rare. */
const SMALLEST_SHARE = 1 / 20;

/**
 * Looks at everything that would make a backup fail, without making one.
 * @param request undefined: only the repository is looked at
 * @throws BackupError when the server cannot be reached; what is wrong with the repository is among the checks
 */
export async function preflight(
  request: SourceCheckRequest | undefined,
  ports: PreflightPorts,
  signal: AbortSignal,
): Promise<PreflightReport> {
  const source = request && (await ports.sourceChecker!.check(request, signal));
  const repository = await checkRepository(ports, signal);
  const { freeBytes } = repository;
  const space = freeBytes === undefined || source === undefined ? [] : [checkSpace(freeBytes, source.dataBytes)];
  return {
    ...(source === undefined ? {} : { source }),
    repository,
    checks: [...(source?.checks ?? []), ...repository.checks, ...space],
  };
}

/** By doing it: rights, quotas and read-only mounts have too many rules to be asked about. */
async function checkRepository(
  { repository, place, clock }: PreflightPorts,
  signal: AbortSignal,
): Promise<RepositoryReport> {
  const failure = place.isFolder ? await failureToWork(repository) : undefined;
  return failure === undefined
    ? await probeRepository(place, clock, signal)
    : { location: place.location, checks: [failure], left: [] };
}

/** What makes it impossible to begin a backup in a folder, as far as that is tried. */
async function failureToWork(repository: Storage): Promise<Check | undefined> {
  try {
    const work = await repository.beginWork();
    try {
      const probe = await work.create();
      await probe.write(Buffer.from("dbbackup preflight"));
      await probe.abort();
    } finally {
      await work.end();
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    return {
      name: "repository",
      status: "error",
      message: error.message,
      details: [error.object ?? repository.location],
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    };
  }
}

function checkSpace(freeBytes: number, dataBytes: number): Check {
  const name = "space";
  const hint = "free space there, or choose another place with --repo";
  if (freeBytes < dataBytes * SMALLEST_SHARE) {
    return { name, status: "error", message: "the repository has not even a twentieth of the data's size free", hint };
  }
  if (freeBytes < dataBytes) {
    return {
      name,
      status: "warning",
      message: "the repository has less free than the data's size: a backup fits only if it compresses well",
      hint,
    };
  }
  return { name, status: "ok", message: "the repository has more free than the data's size" };
}
