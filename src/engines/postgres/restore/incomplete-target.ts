import { BackupError } from "../../../core/backup-error.ts";
import type { RestoreRequest } from "../../../ports/restore.ts";
import type { ConnectionSpec } from "../../../wire/postgres/connection-spec.ts";
import { dropCreated } from "./target-database.ts";

export interface FailedTarget {
  readonly spec: ConnectionSpec;
  readonly target: string;
  /** This run created it. */
  readonly created: boolean;
  readonly request: RestoreRequest;
}

/** After a failure: says what became of the target, and drops it when this run made it. */
export async function incompleteTarget(error: unknown, failed: FailedTarget): Promise<unknown> {
  if (!(error instanceof BackupError)) return error;
  const { spec, target, created, request } = failed;
  const fate =
    created && request.onError === "stop"
      ? await dropCreated(spec, target)
      : request.singleTransaction
        ? `database "${target}" is as it was: all was one transaction`
        : `database "${target}" is incomplete`;
  return new BackupError({
    code: error.code,
    message: `${error.message}; ${fate}`,
    details: error.details,
    retry: error.retry,
    cause: error,
    ...(error.object === undefined ? {} : { object: error.object }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.sqlState === undefined ? {} : { sqlState: error.sqlState }),
  });
}
