import type { NotedWork } from "../../ports/storage.ts";
import { readRecord } from "../resumable/backup-notes.ts";
import { readCopyRecord } from "../transfer/copy-record.ts";

/** A copy or a backup that was interrupted, and can go on. */
export interface UnfinishedWork {
  readonly id: string;
  readonly location: string;
  /** `unknown`: another version of dbbackup wrote it. */
  readonly kind: "copy" | "backup" | "unknown";
  readonly database: string | undefined;
  /** Somebody is at work on it, as far as can be told. */
  readonly isBusy: boolean;
}

export function unfinishedWork({ id, location, firstNote, isBusy }: NotedWork): UnfinishedWork {
  const copy = readCopyRecord(firstNote);
  const backup = copy === undefined ? readRecord(firstNote) : undefined;
  const kind = copy !== undefined ? "copy" : backup !== undefined ? "backup" : "unknown";
  return { id, location, kind, database: (copy ?? backup)?.database, isBusy };
}
