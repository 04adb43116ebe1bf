import type { Finding, RestoreRequest } from "../../../ports/restore.ts";

const shownReasons = 20;

/** With `--untrusted`, what needs trust is refused. */
export function trustFindings(reasons: readonly string[], { untrusted }: RestoreRequest): Finding[] {
  if (!untrusted) return [];
  const solution =
    "restore without --untrusted if you trust who made this backup, or leave it out with --table or --schema";
  const findings = reasons
    .slice(0, shownReasons)
    .map((message): Finding => ({ code: "needs-trust", severity: "error", message, solution }));
  if (reasons.length <= shownReasons) return findings;
  const message = `${reasons.length - shownReasons} more objects need trust`;
  return [...findings, { code: "needs-trust", severity: "error", message, solution }];
}

/** With `--on-error continue`, what only fails single objects is no reason not to begin. */
export function asAsked(finding: Finding, { onError }: RestoreRequest): Finding {
  const failsAll = finding.code === "disk-space" || finding.code === "missing-locale" || finding.code === "encoding";
  return onError === "continue" && !failsAll ? { ...finding, severity: "warning" } : finding;
}
