import type { PostgresMajor } from "./postgres-packages.ts";

const fault = String.raw`could not execute query: ERROR: +unrecognized configuration parameter "transaction_timeout"\n.*\n+`;
const faultyLines = new RegExp(`^pg_restore: error: ${fault}`, "gm");
const warning = /pg_restore: warning: errors ignored on restore: \d+\n/;

/** What pg_restore said but for this: pg_restore 17 sets what servers before 17 do not know, and we have none of 16. */
export function withoutStockFault(stderr: string, server: PostgresMajor): string {
  if (server !== 16) return stderr;
  const rest = stderr.replace(faultyLines, "").replace(new RegExp(fault, "g"), "").replace(warning, "");
  // Of several jobs that say it at the same time, the beginnings of the lines may meet: "pg_restore:pg_restore: error: ".
  return /^(?:pg_restore:| error: )*$/.test(rest) ? "" : rest;
}
