import type { RestoreRequest } from "../../ports/restore.ts";

/** The first option of a request that only an archive can honour, since a script runs as it is. */
export function flagForArchives(request: RestoreRequest): string | undefined {
  const { clean, create, jobs, ifExists, journal } = request;
  if (journal !== undefined) return journal === "resume" ? "--resume" : "--resumable";
  if (clean && !create) return "--clean without --create";
  if (ifExists) return "--if-exists";
  if (jobs.isAsked && jobs.count > 1) return "--jobs";
  for (const [name, flag] of Object.entries(selectionFlags) as [keyof typeof selectionFlags, string][]) {
    const value = request[name];
    const isGiven = typeof value === "boolean" || typeof value === "number" ? value : value?.length;
    if (isGiven) return flag;
  }
  return undefined;
}

/** Options of a request that say what of an archive is restored and how, with their flags. */
export const selectionFlags = {
  schemaOnly: "--schema-only",
  dataOnly: "--data-only",
  statisticsOnly: "--statistics-only",
  noSchema: "--no-schema",
  noData: "--no-data",
  noStatistics: "--no-statistics",
  sections: "--section",
  tables: "--table",
  indexes: "--index",
  functions: "--function",
  triggers: "--trigger",
  schemas: "--schema",
  excludedSchemas: "--exclude-schema",
  onlyNamed: "--only-named",
  useList: "--use-list",
  noOwner: "--no-owner",
  noPrivileges: "--no-privileges",
  noComments: "--no-comments",
  noPolicies: "--no-policies",
  noPublications: "--no-publications",
  noSubscriptions: "--no-subscriptions",
  noSecurityLabels: "--no-security-labels",
  noTablespaces: "--no-tablespaces",
  noTableAccessMethod: "--no-table-access-method",
  transactionSize: "--transaction-size",
  disableTriggers: "--disable-triggers",
  superuser: "--superuser",
  role: "--role",
  enableRowSecurity: "--enable-row-security",
  useSessionAuthorization: "--use-set-session-authorization",
} as const satisfies Partial<Record<keyof RestoreRequest, string>>;
