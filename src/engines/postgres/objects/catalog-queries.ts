import type { Row } from "./catalog-reader.ts";

/** Runs one catalogue query. Called again before the first has answered, it sends at once; answers come in order. */
export type RunQuery = (sql: string) => Promise<readonly Row[]>;

/**
 * Runs one query whose columns are all integers or "char" and never NULL; answers their values, row by row. `columns` says
 * how many a row has. Sends at once like {@link RunQuery}.
 */
export type RunIntegerQuery = (sql: string, columns: number) => Promise<Uint32Array>;

/** How a catalogue is asked, in one snapshot. */
export interface CatalogQuestions {
  readonly rows: RunQuery;
  readonly integers: RunIntegerQuery;
}

export interface CatalogSession extends CatalogQuestions {
  /** Where there is another session in the same snapshot: asks there, beside what is asked here. */
  readonly aside?: CatalogQuestions;
}

/** Queries by what they are called. Undefined is not asked and has no rows; the rows of several queries are joined. */
export type Queries<Name extends string> = Readonly<Record<Name, string | readonly string[] | undefined>>;

export type Answers<Name extends string> = Readonly<Record<Name, readonly Row[]>>;

/**
 * Sends all queries without waiting. Whoever asks more before this has answered loses no time: what a server far away
 * costs is how often somebody waits. A failure that nobody waits for any more, because something else failed first, is
 * nobody's business.
 */
export function askCatalog<Name extends string>(run: RunQuery, queries: Queries<Name>): Promise<Answers<Name>> {
  const names = Object.keys(queries) as Name[];
  const answers = Promise.all(names.map(async (name) => [name, await rowsOf(run, queries[name])] as const)).then(
    (rows) => Object.fromEntries(rows) as unknown as Answers<Name>,
  );
  answers.catch(() => {});
  return answers;
}

async function rowsOf(run: RunQuery, sql: string | readonly string[] | undefined): Promise<readonly Row[]> {
  if (sql === undefined) return [];
  if (typeof sql === "string") return run(sql);
  return (await Promise.all(sql.map(run))).flat();
}

/**
 * For queries of one transaction that are sent without waiting: when one fails, those behind it fail because of it. Whoever
 * waits for one of them is told the first error, which says what is wrong.
 */
export function tellingFirstError({ rows, integers }: CatalogQuestions): CatalogQuestions {
  let first: unknown;
  const telling = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      first ??= error;
      throw first;
    }
  };
  return { rows: (sql) => telling(rows(sql)), integers: (sql, columns) => telling(integers(sql, columns)) };
}
