import type { Finding, FindingCode, RestoreRequest } from "../../../ports/restore.ts";

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

/** Nothing of the backup would be whole. */
const failsAll: ReadonlySet<FindingCode> = new Set(["disk-space", "missing-locale", "encoding", "demanding-extension"]);

/** With `--on-error continue`, what only fails single objects is no reason not to begin. */
export function asAsked(finding: Finding, { onError }: RestoreRequest): Finding {
  return onError === "continue" && !failsAll.has(finding.code) ? { ...finding, severity: "warning" } : finding;
}
