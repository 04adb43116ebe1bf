import { BackupError } from "../core/backup-error.ts";
import type { Check, SourceChecker, SourceCheckRequest, SourceReport } from "../ports/preflight.ts";
import type { Storage } from "../ports/storage.ts";

export interface PreflightReport {
  readonly source: SourceReport;
  /** Of the source, then of the repository. */
  readonly checks: readonly Check[];
  readonly freeBytes?: number;
}

/** A compressed backup of less than this share of the data is rare. */
const SMALLEST_SHARE = 1 / 20;

/**
 * Looks at everything that would make a backup fail, without making one.
 * @throws BackupError when the server cannot be reached; what is wrong with the repository is among the checks
 */
export async function preflight(
  request: SourceCheckRequest,
  ports: { readonly sourceChecker: SourceChecker; readonly repository: Storage },
  signal: AbortSignal,
): Promise<PreflightReport> {
  const source = await ports.sourceChecker.check(request, signal);
  const writable = await checkWritable(ports.repository);
  const freeBytes = writable.status === "ok" ? await ports.repository.freeBytes() : undefined;
  const space = freeBytes === undefined ? [] : [checkSpace(freeBytes, source.dataBytes)];
  return {
    source,
    checks: [...source.checks, writable, ...space],
    ...(freeBytes === undefined ? {} : { freeBytes }),
  };
}

/** By doing it: rights, quotas and read-only mounts have too many rules to be asked about. */
async function checkWritable(repository: Storage): Promise<Check> {
  const name = "repository";
  try {
    const work = await repository.beginWork();
    try {
      const probe = await work.create();
      await probe.write(Buffer.from("dbbackup preflight"));
      await probe.abort();
    } finally {
      await work.end();
    }
    return { name, status: "ok", message: `${repository.location} can be written` };
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    return {
      name,
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
