import type { VerificationCheck } from "../../core/verification/verification-schema.ts";
import type { RestoredDatabase } from "../../ports/restore-proof.ts";

/** Runs the user's queries, one after another; one that fails does not keep the others. */
export async function runChecks(
  database: Pick<RestoredDatabase, "runCheck">,
  checks: readonly string[],
): Promise<VerificationCheck[]> {
  const results: VerificationCheck[] = [];
  for (const sql of checks) {
    const { rows, hasMore, error } = await database.runCheck(sql);
    if (error !== undefined) results.push({ sql, status: "error", error });
    else if (rows.length === 0) results.push({ sql, status: "ok" });
    else results.push({ sql, status: "rows", rows: [...rows], has_more: hasMore });
  }
  return results;
}
