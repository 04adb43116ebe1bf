import { bareEntry } from "../archive/bare-entry.ts";
import { parseTextArray } from "../sql/pg-array.ts";
import { type PrivilegeKind, type PrivilegeTarget, privilegeStatements } from "../sql/privilege-statements.ts";
import { quoteIdentifier } from "../sql/quote.ts";
import type { DumpObject } from "./dump-object.ts";
import type { EntryContext } from "./entry-context.ts";
import type { PlannedEntry } from "./object-type.ts";

/** Privileges of an object, as its reader found them. Arrays are the server's text of `aclitem[]`. */
export interface ObjectPrivileges {
  readonly kind: Exclude<PrivilegeKind, "COLUMN">;
  /** Quoted, without schema; for functions with the types of the arguments. */
  readonly name: string;
  /** Tag of the entry; without it the kind and the name. */
  readonly tag?: string;
  readonly owner: string | null;
  /** `relacl`, `proacl`, ...; null when nobody ever changed them. */
  readonly current: string | null;
  /** What null means: `acldefault('r', relowner)` and so on. */
  readonly default: string;
  /** Takes the place of what pg_init_privs says. */
  readonly initial?: string;
  /** Of a relation: the columns for which `attacl` is not null or pg_init_privs has a row, by number. */
  readonly columns?: readonly ColumnPrivileges[];
}

export interface ColumnPrivileges {
  /** `attnum` */
  readonly number: number;
  /** Unquoted. */
  readonly name: string;
  readonly current: string | null;
}

/**
 * The ACL entries of an object and its columns: what must be granted and revoked after it was created as always (or, for
 * a member of an extension and a system object, installed as always).
 */
export function privilegeEntries(object: DumpObject, context: EntryContext, what: ObjectPrivileges): PlannedEntry[] {
  const { kind, name, owner, columns = [] } = what;
  const initial = what.initial ?? initialPrivileges(object, context, 0);
  // As of most objects: nobody ever changed them.
  if (what.current === null && initial === undefined && columns.length === 0) return [];
  const schema = object.schema === null ? "" : `${quoteIdentifier(object.schema)}.`;
  const subject = `${kind} ${schema}${name}`;
  const entries: PlannedEntry[] = [];

  const sql = statements({ kind, subject, owner }, { current: what.current, default: what.default, initial });
  if (sql !== "") {
    entries.push(aclEntry(object, context, { sql, owner, tag: what.tag ?? `${kind} ${name}` }));
  }

  // A column's entry also waits for the table's: a table-level REVOKE takes column privileges away too.
  const tableEntry = entries.map((entry) => entry.dumpId);
  for (const column of columns) {
    const quoted = quoteIdentifier(column.name);
    const columnSql = statements(
      { kind: "COLUMN", subject, column: quoted, owner },
      { current: column.current, default: "{}", initial: initialPrivileges(object, context, column.number) },
    );
    if (columnSql === "") continue;
    const tag = `COLUMN ${name}.${quoted}`;
    entries.push(aclEntry(object, context, { sql: columnSql, owner, tag, after: tableEntry }));
  }
  return entries;
}

function initialPrivileges(object: DumpObject, context: EntryContext, subId: number): string | undefined {
  return context.shared.initialPrivileges(object.catalog.table, object.catalog.oid, subId);
}

function statements(
  target: PrivilegeTarget,
  acl: { readonly current: string | null; readonly default: string; readonly initial: string | undefined },
): string {
  const current = acl.current ?? acl.default;
  const base = acl.initial ?? acl.default;
  return current === base ? "" : privilegeStatements(target, parseTextArray(base), parseTextArray(current));
}

function aclEntry(
  object: DumpObject,
  context: EntryContext,
  what: {
    readonly tag: string;
    readonly owner: string | null;
    readonly sql: string;
    readonly after?: readonly number[];
  },
): PlannedEntry {
  return bareEntry({
    dumpId: context.registry.nextDumpId(),
    tag: what.tag,
    desc: "ACL",
    definition: what.sql,
    namespace: object.schema,
    owner: what.owner,
    dependencies: [object.dumpId, ...(what.after ?? [])],
  });
}
