import { BackupError } from "../../core/backup-error.ts";

/** The service got other bytes than were sent. @param object its URL */
export function arrivedChanged(object: string): BackupError {
  return new BackupError({
    code: "IO",
    message: "writing failed: the bytes arrived changed, as the service's checksum says",
    object,
    hint: "run again; if it stays so, look for what changes them between here and the service",
    retry: "maybe",
  });
}

/** An answer that is not what was asked for. @param object its URL */
export function unusableAnswer(message: string, object: string): BackupError {
  return new BackupError({
    code: "IO",
    message: `reading failed: ${message}`,
    object,
    hint: "run again; if it stays so, something between here and the service changes its answers",
    retry: "maybe",
  });
}

/** What was opened is not there any more: asking again would not bring it back. @param object its URL */
export function anotherObject(object: string, cause?: unknown): BackupError {
  return new BackupError({
    code: "IO",
    message: "reading failed: another object has this name now",
    object,
    hint: "run again",
    cause,
  });
}
