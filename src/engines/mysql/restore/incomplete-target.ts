import { BackupError } from "../../../core/backup-error.ts";
import type { MysqlConnectionSpec } from "../../../wire/mysql/connection-spec.ts";
import { dropCreated } from "./restore-session.ts";

/** After a failure: says what became of the target, and drops it when this run made it. */
export async function incompleteTarget(
  error: unknown,
  spec: MysqlConnectionSpec,
  target: string,
  how: { readonly drops: boolean; readonly canResume?: boolean },
): Promise<unknown> {
  if (!(error instanceof BackupError)) return error;
  const fate = await fateOf(spec, target, how);
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

async function fateOf(
  spec: MysqlConnectionSpec,
  target: string,
  { drops, canResume = false }: { readonly drops: boolean; readonly canResume?: boolean },
): Promise<string> {
  if (canResume) return `database "${target}" is incomplete, and --resume goes on with it`;
  return drops ? await dropCreated(spec, target) : `database "${target}" is incomplete`;
}
