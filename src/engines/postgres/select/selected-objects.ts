import { BackupError } from "../../../core/backup-error.ts";
import { type DumpSelection, picksObjects } from "../../../ports/dump-selection.ts";
import type { RunQuery } from "../objects/catalog-queries.ts";
import { nameCondition, type PatternContext, relationCondition, schemaCondition } from "./pattern-conditions.ts";

/** What the patterns of a selection matched. Undefined is no restriction. */
export interface SelectedObjects {
  /** Names, which are unique: binary strings. */
  readonly schemas: ReadonlySet<string> | undefined;
  readonly excludedSchemas: ReadonlySet<string>;
  /** OIDs, as all that follow. */
  readonly relations: ReadonlySet<number> | undefined;
  readonly excludedRelations: ReadonlySet<number>;
  readonly excludedData: ReadonlySet<number>;
  readonly extensions: ReadonlySet<number> | undefined;
  readonly excludedExtensions: ReadonlySet<number>;
  /** Names. */
  readonly foreignServers: ReadonlySet<string>;
}

/** A row for each object that a pattern matches: OID and name. */
type PatternQuery = (pattern: string) => string;

/**
 * Matches all patterns, with one wait for the server. The caller's search path is empty; names without a schema are looked
 * for on the path of the user's own session.
 * @throws BackupError USAGE for a pattern that cannot be read, NOT_FOUND when nothing matches what is picked out
 */
export async function selectObjects(
  rows: RunQuery,
  selection: DumpSelection,
  context: PatternContext,
): Promise<SelectedObjects> {
  const match = new Matcher(rows, selection.strictNames);
  const ownPath = rows("RESET search_path");
  const found = {
    schemas: match.picked("schemas", [[selection.schemas, (pattern) => schemaQuery(pattern, context)]]),
    excludedSchemas: match.excluded([[selection.excludedSchemas, (pattern) => schemaQuery(pattern, context)]]),
    relations: match.picked("tables", relations(selection.tables, selection.tablesAndChildren, context)),
    excludedRelations: match.excluded(
      relations(selection.excludedTables, selection.excludedTablesAndChildren, context),
    ),
    excludedData: match.excluded(relations(selection.excludedData, selection.excludedDataAndChildren, context)),
    extensions: match.picked("extensions", [[selection.extensions, (pattern) => extensionQuery(pattern, context)]]),
    excludedExtensions: match.excluded([[selection.excludedExtensions, (pattern) => extensionQuery(pattern, context)]]),
  };
  const servers = new Matcher(rows, true).picked("foreign servers", [
    [selection.foreignServers, (pattern) => serverQuery(pattern, context)],
  ]);
  const emptyPath = rows("SELECT pg_catalog.set_config('search_path', '', false)");
  await Promise.all([ownPath, ...Object.values(found), servers, emptyPath]);
  return {
    schemas: (await found.schemas)?.names,
    excludedSchemas: (await found.excludedSchemas).names,
    relations: (await found.relations)?.oids,
    excludedRelations: (await found.excludedRelations).oids,
    excludedData: (await found.excludedData).oids,
    extensions: (await found.extensions)?.oids,
    excludedExtensions: (await found.excludedExtensions).oids,
    foreignServers: (await servers)?.names ?? new Set(),
  };
}

/** Whether a selection needs to ask the server. */
export function hasPatterns(selection: DumpSelection): boolean {
  const { excludedSchemas, excludedTables, excludedTablesAndChildren, excludedExtensions } = selection;
  const { excludedData, excludedDataAndChildren, foreignServers } = selection;
  const excluded = [excludedSchemas, excludedTables, excludedTablesAndChildren, excludedData, excludedDataAndChildren];
  return (
    picksObjects(selection) || [...excluded, excludedExtensions, foreignServers].some((patterns) => patterns.length > 0)
  );
}

interface Matched {
  readonly oids: ReadonlySet<number>;
  readonly names: ReadonlySet<string>;
}

type PatternList = readonly [patterns: readonly string[], query: PatternQuery];

class Matcher {
  readonly #rows: RunQuery;
  readonly #isStrict: boolean;

  constructor(rows: RunQuery, isStrict: boolean) {
    this.#rows = rows;
    this.#isStrict = isStrict;
  }

  /** Undefined when nothing is picked out. Something must match. */
  async picked(what: string, lists: readonly PatternList[]): Promise<Matched | undefined> {
    if (lists.every(([patterns]) => patterns.length === 0)) return undefined;
    const found = await this.#match(lists);
    const empty = found.find(({ count }) => count === 0);
    if (this.#isStrict && empty !== undefined) throw nothingFound(what, empty.pattern);
    if (found.every(({ count }) => count === 0)) throw nothingFound(what, found[0]!.pattern);
    return joined(found);
  }

  async excluded(lists: readonly PatternList[]): Promise<Matched> {
    return joined(await this.#match(lists));
  }

  #match(lists: readonly PatternList[]) {
    return Promise.all(
      lists.flatMap(([patterns, query]) =>
        patterns.map(async (pattern) => {
          const rows = await this.#rows(query(pattern));
          return { pattern, count: rows.length, rows };
        }),
      ),
    );
  }
}

function joined(found: readonly { readonly rows: Awaited<ReturnType<RunQuery>> }[]): Matched {
  const rows = found.flatMap((each) => each.rows);
  return { oids: new Set(rows.map((row) => Number(row.oid))), names: new Set(rows.map((row) => row.name!)) };
}

function nothingFound(what: string, pattern: string): BackupError {
  return new BackupError({
    code: "NOT_FOUND",
    message: `no ${what} match the pattern "${pattern}"`,
    hint: "names are folded to lower case unless in double quotes; tables outside the search path need their schema",
  });
}

/** What initdb made is in every database, and in no backup. */
const userSchema =
  "n.nspname OPERATOR(pg_catalog.!~) '^pg_' AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema'";

function schemaQuery(pattern: string, context: PatternContext): string {
  return (
    "SELECT n.oid, n.nspname AS name FROM pg_catalog.pg_namespace n " +
    `WHERE ${userSchema} AND ${schemaCondition(pattern, context)}`
  );
}

function extensionQuery(pattern: string, context: PatternContext): string {
  return `SELECT e.oid, e.extname AS name FROM pg_catalog.pg_extension e WHERE ${nameCondition("e.extname", pattern, context)}`;
}

function serverQuery(pattern: string, context: PatternContext): string {
  return (
    "SELECT s.oid, s.srvname AS name FROM pg_catalog.pg_foreign_server s " +
    `WHERE ${nameCondition("s.srvname", pattern, context)}`
  );
}

function relations(
  alone: readonly string[],
  withChildren: readonly string[],
  context: PatternContext,
): readonly PatternList[] {
  const query = (pattern: string): string =>
    "SELECT c.oid, c.relname AS name FROM pg_catalog.pg_class c " +
    "JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace " +
    "WHERE c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r','S','v','m','f','p']::pg_catalog.\"char\"[]) " +
    `AND ${userSchema} AND ${relationCondition(pattern, context)}`;
  const tree = (pattern: string): string =>
    `WITH RECURSIVE tree AS (${query(pattern)} UNION SELECT i.inhrelid, ''::pg_catalog.name FROM pg_catalog.pg_inherits i ` +
    "JOIN tree ON tree.oid OPERATOR(pg_catalog.=) i.inhparent) SELECT oid, name FROM tree";
  return [
    [alone, query],
    [withChildren, tree],
  ];
}
