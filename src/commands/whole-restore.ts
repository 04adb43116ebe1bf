import type { RestoreRequest } from "../ports/restore.ts";

/** A restore of everything into a database that it creates. */
export const wholeRestore = {
  create: true,
  clean: false,
  ifExists: false,
  onError: "stop",
  singleTransaction: false,
  jobs: { count: 1, isAsked: false },
  schemaOnly: false,
  dataOnly: false,
  tables: [],
  schemas: [],
  noOwner: false,
  noPrivileges: false,
  untrusted: false,
  confirmed: false,
} as const satisfies Omit<RestoreRequest, "connection">;
