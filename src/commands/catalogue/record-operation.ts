import { BackupError } from "../../core/backup-error.ts";
import { ExitStatus } from "../../core/exit-status.ts";
import type { Catalogue, OperationEnd, OperationNotes, OperationStart, Outcome } from "../../ports/catalogue.ts";
import type { Clock } from "../../ports/clock.ts";

export interface Recorded extends Omit<OperationStart, "startedAt"> {
  /** Messages may tell what is sealed elsewhere, such as names of tables: only their codes are kept. */
  readonly isSealed: boolean;
}

/**
 * Does something, and writes down in the catalogue that it began, and how it ended.
 * @param work gets where to say what comes to be known meanwhile
 */
export async function recordOperation(
  { isSealed, ...start }: Recorded,
  catalogue: Catalogue,
  clock: Clock,
  signal: AbortSignal,
  work: (note: (notes: OperationNotes) => void) => Promise<ExitStatus>,
): Promise<ExitStatus> {
  const began = clock.monotonic();
  const id = catalogue.beginOperation({ ...start, startedAt: clock.now() });
  let notes: OperationNotes = {};
  const end = (how: Pick<OperationEnd, "outcome" | "error" | "errorCode">): void =>
    catalogue.endOperation(id, { ...notes, ...how, durationSeconds: (clock.monotonic() - began) / 1000 });
  try {
    const status = await work((more) => {
      notes = { ...notes, ...more };
    });
    end({ outcome: outcomeOf[status] });
    return status;
  } catch (error) {
    const reason: unknown = signal.aborted ? signal.reason : error;
    const status = reason instanceof BackupError ? reason.exitStatus : ExitStatus.failed;
    end({
      outcome: signal.aborted ? "interrupted" : outcomeOf[status],
      errorCode: reason instanceof BackupError ? reason.code : "BUG",
      ...(isSealed || !(reason instanceof Error) ? {} : { error: textOf(reason) }),
    });
    throw error;
  }
}

function textOf(error: Error): string {
  const object = error instanceof BackupError ? error.object : undefined;
  return object === undefined || error.message.includes(object) ? error.message : `${error.message} (${object})`;
}

const outcomeOf: Readonly<Record<ExitStatus, Outcome>> = {
  [ExitStatus.done]: "done",
  [ExitStatus.failed]: "failed",
  [ExitStatus.usage]: "refused",
  [ExitStatus.partial]: "partial",
  [ExitStatus.damaged]: "damaged",
  [ExitStatus.interrupted]: "interrupted",
};
