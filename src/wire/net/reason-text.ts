import { BackupError } from "../../core/backup-error.ts";
import { shownText } from "./shown-text.ts";

/** A cause inside our own message. */
export function reasonText(cause: Error): string {
  const text = shownText(cause.message);
  const { code } = cause as NodeJS.ErrnoException;
  if (cause instanceof BackupError) return text;
  return systemReasons[code ?? ""] ?? text;
}

const systemReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection was reset by the peer",
  EPIPE: "the peer closed the connection",
  ETIMEDOUT: "the connection timed out",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "the network is unreachable",
  ENOTFOUND: "the host name is not known",
  EAI_AGAIN: "the name server does not answer",
  ENOENT: "no such socket",
  EACCES: "permission denied",
};
