import { BackupError } from "../../../core/backup-error.ts";
import type { NotIncluded } from "../../../ports/dump.ts";
import type { Capabilities } from "../capabilities.ts";
import type { RunQuery } from "../objects/catalog-queries.ts";
import { nameCondition } from "../select/pattern-conditions.ts";

export interface ListedDatabases {
  /** template1 first, as pg_dumpall has it, then by name. */
  readonly wanted: readonly string[];
  readonly notIncluded: readonly NotIncluded[];
}

const maxExamples = 5;

/**
 * The databases of the server that are to be backed up. Names are binary strings, patterns Unicode.
 * @throws BackupError NOT_FOUND for a wanted pattern that nothing matches
 */
export async function listDatabases(
  run: RunQuery,
  { collatedNames }: Capabilities,
  patterns: { readonly wanted: readonly string[]; readonly excluded: readonly string[] },
): Promise<ListedDatabases> {
  const matches = (pattern: string): string => nameCondition("datname", pattern, { database: "", collatedNames });
  const wanted = patterns.wanted.map((pattern, index) => `${matches(pattern)} AS wanted${index}`);
  const excluded = patterns.excluded.map(matches).join(" OR ");
  const rows = await run(
    `SELECT datname, datallowconn AND datconnlimit <> -2 AS reachable, ${excluded === "" ? "false" : excluded} AS excluded` +
      `${wanted.map((column) => `, ${column}`).join("")} FROM pg_catalog.pg_database ` +
      "ORDER BY datname <> 'template1', datname",
  );
  for (const [index, pattern] of patterns.wanted.entries()) {
    if (rows.some((row) => row[`wanted${index}`] === "t" && row.reachable === "t")) continue;
    throw new BackupError({
      code: "NOT_FOUND",
      message: `no database that can be connected to matches "${pattern}"`,
      hint: "patterns are psql's: names with capitals stand in double quotes",
    });
  }
  const isWanted = (row: (typeof rows)[number]): boolean =>
    row.excluded !== "t" &&
    (patterns.wanted.length === 0 || patterns.wanted.some((_, index) => row[`wanted${index}`] === "t"));
  const names = (of: typeof rows): string[] => of.map(({ datname }) => datname!);
  // template0 is the same on every server.
  const others = rows.filter(({ datname }) => datname !== "template0");
  const reachable = others.filter(({ reachable: is }) => is === "t");
  return {
    wanted: names(reachable.filter(isWanted)),
    notIncluded: [
      ...missing("databases", names(reachable.filter((row) => !isWanted(row))), "they were not asked for"),
      ...missing(
        "closed-databases",
        names(others.filter((row) => row.reachable !== "t" && isWanted(row))),
        "nobody can connect to them: ALTER DATABASE ... ALLOW_CONNECTIONS true, and drop those that are invalid",
      ),
    ],
  };
}

function missing(kind: string, names: readonly string[], hint: string): NotIncluded[] {
  return names.length === 0 ? [] : [{ kind, count: names.length, examples: names.slice(0, maxExamples), hint }];
}
