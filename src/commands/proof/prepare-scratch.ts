import { BackupError } from "../../core/backup-error.ts";
import type { Finding, FindingCode, RestorableBackup, RestoreRequest } from "../../ports/restore.ts";
import type { ScratchDatabase } from "../../ports/restore-proof.ts";
import { refuseErrors } from "../restore-single.ts";

/** What the server lacks says nothing of the backup, and nothing could be said of it here. */
const notVerifiable: ReadonlySet<FindingCode> = new Set([
  "missing-extension",
  "missing-collation",
  "demanding-extension",
  "encoding",
  "older-server",
  "disk-space",
  "missing-engine",
  "other-flavour",
]);

export interface Preparation {
  readonly request: RestoreRequest;
  readonly notes: readonly string[];
}

/**
 * Makes what a restore needs of its server, as far as it may be made there, or leaves it out of the restore.
 * @throws BackupError PRECHECK when the backup cannot be verified on this server
 */
export async function prepareScratch(
  backup: RestorableBackup,
  request: RestoreRequest,
  { scratch, isOurs }: { readonly scratch: ScratchDatabase; readonly isOurs: boolean },
  signal: AbortSignal,
): Promise<Preparation> {
  const findings = await backup.preCheck(request, signal);
  refuseNotVerifiable(findings, isOurs);
  if (backup.summary.family === "mysql") return await prepareMysql(request, findings, { scratch, isOurs });
  const lacks = (code: FindingCode): string[] =>
    findings.flatMap((finding) => (finding.code === code ? (finding.subject ?? []) : []));
  const [roles, tablespaces] = [lacks("missing-role"), lacks("missing-tablespace")];
  let prepared = request;
  const notes: string[] = [];
  if (isOurs) {
    await scratch.provide({ roles, tablespaces });
  } else {
    const isForeign = findings.some(({ code }) => code === "not-member-of-role");
    if (roles.length > 0 || isForeign) {
      refuseScript(backup, findings, "missing-role", "not-member-of-role");
      prepared = { ...prepared, noOwner: true, noPrivileges: true };
      const reason =
        roles.length > 0
          ? `the server lacks the roles ${listed(roles)}`
          : "the user may not give objects to their owners";
      notes.push(`owners and privileges were left out: ${reason}`);
    }
    if (tablespaces.length > 0) {
      refuseScript(backup, findings, "missing-tablespace");
      prepared = { ...prepared, noTablespaces: true };
      notes.push(`everything was restored into one tablespace: the server lacks ${listed(tablespaces)}`);
    }
  }
  const locale = findings.find(({ code }) => code === "missing-locale");
  // A script does not say what its database was like; one that makes it does.
  const saysNothing = backup.summary.format === "script" && backup.summary.database === "";
  if (locale !== undefined || saysNothing) {
    await scratch.create(backup.summary.encoding || "UTF8");
    prepared = { ...prepared, create: false };
  }
  if (locale !== undefined) notes.push(`the database was made with another locale: ${locale.message}`);
  return { request: prepared, notes };
}

/** Definers need not be there to be restored, and a script makes its database with what it says of it. */
async function prepareMysql(
  request: RestoreRequest,
  findings: readonly Finding[],
  { scratch, isOurs }: { readonly scratch: ScratchDatabase; readonly isOurs: boolean },
): Promise<Preparation> {
  const definers = findings.flatMap(({ code, subject }) => (code === "missing-role" ? (subject ?? []) : []));
  if (isOurs) await scratch.provide({ roles: [...new Set(definers)], tablespaces: [] });
  const isNoted = !isOurs && definers.length > 0;
  const notes = isNoted ? [`the server lacks the definers ${listed(definers)}: what they defined was not run`] : [];
  return { request, notes };
}

function refuseNotVerifiable(findings: readonly Finding[], isOurs: boolean): void {
  const solved: ReadonlySet<FindingCode> = new Set([
    "missing-role",
    "not-member-of-role",
    "missing-tablespace",
    "missing-locale",
  ]);
  // Where the server could not list its extensions, their names are missing.
  const blocking = findings.filter(
    ({ code, subject, severity }) =>
      (severity === "error" && !solved.has(code)) ||
      (notVerifiable.has(code) && (severity === "error" || subject !== undefined)),
  );
  const own = blocking.filter(({ code }) => notVerifiable.has(code));
  const [first] = own;
  if (first === undefined) {
    refuseErrors(blocking);
    return;
  }
  throw new BackupError({
    code: "PRECHECK",
    message: `the backup cannot be verified on this server: ${first.message}`,
    ...(own.length === 1 ? {} : { details: own.map(({ message }) => message) }),
    hint: isOurs ? "name a server that has it with --server; a scratch database is made there" : first.solution,
  });
}

/** A script runs as it is. */
function refuseScript({ summary }: RestorableBackup, findings: readonly Finding[], ...codes: FindingCode[]): void {
  if (summary.format !== "script") return;
  refuseErrors(
    findings.flatMap((finding) => (codes.includes(finding.code) ? [{ ...finding, severity: "error" as const }] : [])),
  );
}

/** At most five of many. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => `"${name}"`);
  return `${shown.join(", ")}${names.length > 5 ? ` and ${names.length - 5} more` : ""}`;
}
