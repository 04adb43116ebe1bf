import { BackupError } from "../../../core/backup-error.ts";
import type { RestoreRequest } from "../../../ports/restore.ts";
import type { ConnectionSpec } from "../../../wire/postgres/connection-spec.ts";
import type { RestoreJournal } from "./journal/restore-journal.ts";
import { dropCreated } from "./target-database.ts";

export interface FailedTarget {
  readonly spec: ConnectionSpec;
  readonly target: string;
  /** This run created it. */
  readonly created: boolean;
  readonly request: RestoreRequest;
  /** Of a restore that can be resumed, since it has one. */
  readonly journal?: Pick<RestoreJournal, "isOver"> | undefined;
}

/** After a failure: says what became of the target, and drops it when this run made it. */
export async function incompleteTarget(error: unknown, failed: FailedTarget): Promise<unknown> {
  if (!(error instanceof BackupError)) return error;
  const fate = await fateOf(failed);
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

async function fateOf({ spec, target, created, request, journal }: FailedTarget): Promise<string> {
  if (journal?.isOver === true) return `everything else is restored into database "${target}"`;
  if (journal !== undefined) return `database "${target}" is incomplete, and --resume goes on with it`;
  if (created && request.onError === "stop") return await dropCreated(spec, target);
  if (request.singleTransaction) return `database "${target}" is as it was: all was one transaction`;
  return `database "${target}" is incomplete`;
}
