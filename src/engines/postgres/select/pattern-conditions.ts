import { BackupError } from "../../../core/backup-error.ts";
import { type PatternPart, readNamePattern } from "./name-pattern.ts";
import { serverText } from "./server-text.ts";

/** What pattern conditions need to know of the session. Names are Unicode. */
export interface PatternContext {
  readonly database: string;
  /** Servers from 12 on compare names by bytes unless told otherwise. */
  readonly collatedNames: boolean;
}

/** Condition on `pg_namespace n`. A database may stand before. @throws BackupError USAGE */
export function schemaCondition(pattern: string, context: PatternContext): string {
  const [schema, ...before] = readNamePattern(pattern).toReversed();
  requireDatabase(pattern, before, context);
  return and([matches("n.nspname", schema!, context)]);
}

/**
 * Condition on `pg_class c` and its schema `n`. Without a schema only those on the search path match.
 * @throws BackupError USAGE
 */
export function relationCondition(pattern: string, context: PatternContext): string {
  const [relation, schema, ...before] = readNamePattern(pattern).toReversed();
  requireDatabase(pattern, before, context);
  const isAnywhere = schema !== undefined && schema.regex !== "";
  return and([
    matches("c.relname", relation!, context),
    isAnywhere ? matches("n.nspname", schema, context) : "pg_catalog.pg_table_is_visible(c.oid)",
  ]);
}

/** Condition on the name of what lies in no schema. @throws BackupError USAGE */
export function nameCondition(column: string, pattern: string, context: PatternContext): string {
  const [name, ...before] = readNamePattern(pattern).toReversed();
  if (before.length > 0) throw tooManyDots(pattern);
  return and([matches(column, name!, context)]);
}

function and(conditions: readonly (string | undefined)[]): string {
  const needed = conditions.filter((condition) => condition !== undefined);
  return needed.length === 0 ? "true" : needed.join(" AND ");
}

function matches(column: string, { regex }: PatternPart, { collatedNames }: PatternContext): string | undefined {
  if (regex === "" || regex === ".*") return undefined;
  const collation = collatedNames ? " COLLATE pg_catalog.default" : "";
  return `${column} OPERATOR(pg_catalog.~) ${serverText(`^(${regex})$`)}${collation}`;
}

function requireDatabase(pattern: string, before: readonly PatternPart[], { database }: PatternContext): void {
  const [part, ...more] = before;
  if (more.length > 0) throw tooManyDots(pattern);
  if (part === undefined || part.name === database) return;
  throw new BackupError({
    code: "USAGE",
    message: `the pattern "${pattern}" names another database than "${database}"`,
    hint: "leave out the name of the database, or put a name with dots in double quotes",
  });
}

function tooManyDots(pattern: string): BackupError {
  return new BackupError({
    code: "USAGE",
    message: `the pattern "${pattern}" has too many parts`,
    hint: "put a name with dots in double quotes",
  });
}
