import type { PostgresMajor } from "./postgres-packages.ts";

/** What pg_restore said but for this: pg_restore 17 sets what servers before 17 do not know, and we have none of 16. */
export function withoutStockFault(stderr: string, server: PostgresMajor): string {
  if (server !== 16) return stderr;
  return stderr
    .replace(/^pg_restore: error: .*unrecognized configuration parameter "transaction_timeout"\n.*\n/gm, "")
    .replace(/^pg_restore: warning: errors ignored on restore: \d+\n/m, "");
}
