import type { LateDefinitions } from "../archive/late-definitions.ts";
import type { TocEntry } from "../archive/toc-entry.ts";
import type { Capabilities } from "../capabilities.ts";
import type { Row } from "../objects/catalog-reader.ts";
import type { PlannedEntry } from "../objects/object-type.ts";
import type { StatisticsData } from "../objects/statistics-data.ts";
import { quoteConformingLiteral } from "../sql/quote.ts";
import type { DumpSession } from "./dump-session.ts";
import { attributeStatistics, statisticsStatements } from "./statistics-statements.ts";

/**
 * Relations, and columns of them, that one query reads at most: a column's statistics take up to some 200 kB at the
 * default target (values above 1 kB are left out by ANALYZE), usually 2 kB. Two such batches are held.
 */
const maxBatch = { relations: 64, columns: 500 };

/** Reads the optimizer's statistics while the entries that restore them are written, batch by batch. */
export class StatisticsDefinitions implements LateDefinitions {
  readonly #session: DumpSession;
  readonly #statistics: ReadonlyMap<number, StatisticsData>;

  /** Undefined when no entry restores statistics. */
  static of(entries: readonly PlannedEntry[], session: DumpSession): StatisticsDefinitions | undefined {
    const statistics = new Map<number, StatisticsData>();
    for (const { dumpId, statisticsOf } of entries) if (statisticsOf) statistics.set(dumpId, statisticsOf);
    return statistics.size === 0 ? undefined : new StatisticsDefinitions(session, statistics);
  }

  private constructor(session: DumpSession, statistics: ReadonlyMap<number, StatisticsData>) {
    this.#session = session;
    this.#statistics = statistics;
  }

  has(entry: TocEntry): boolean {
    return this.#statistics.has(entry.dumpId);
  }

  read(order: readonly TocEntry[]): (entry: TocEntry) => Promise<string> {
    const batches = batchesOf(order.map(({ dumpId }) => this.#statistics.get(dumpId)!));
    let current: Batch = new Map();
    let next: Promise<Batch> | undefined;
    return async (entry) => {
      const statistics = this.#statistics.get(entry.dumpId)!;
      if (!current.has(statistics)) {
        current = await (next ?? this.#readNext(batches));
        // One batch ahead, so that the server works while we write.
        next = this.#readNext(batches);
        // Whoever comes for it is told; perhaps nobody does.
        next.catch(() => undefined);
      }
      const rows = current.get(statistics);
      if (rows === undefined) throw new Error(`statistics of "${statistics.name}" were asked for out of order`);
      return statisticsStatements(statistics, this.#session.capabilities.versionNumber, rows);
    };
  }

  async #readNext(batches: Generator<readonly StatisticsData[], void>): Promise<Batch> {
    const batch = batches.next().value ?? [];
    const found = new Map<StatisticsData, Row[]>(batch.map((statistics) => [statistics, []]));
    if (batch.length === 0) return found;
    const byName = new Map(batch.map((statistics) => [nameKey(statistics.schema, statistics.name), statistics]));
    for (const row of await this.#session.rows(statisticsQuery(batch, this.#session.capabilities))) {
      found.get(byName.get(nameKey(row.schemaname!, row.tablename!))!)!.push(row);
    }
    return found;
  }
}

/** Rows of pg_stats by whom they are about. */
type Batch = ReadonlyMap<StatisticsData, readonly Row[]>;

function nameKey(schema: string, name: string): string {
  return `${schema}\0${name}`;
}

function* batchesOf(order: readonly StatisticsData[]): Generator<StatisticsData[], void> {
  let batch: StatisticsData[] = [];
  let columns = 0;
  for (const statistics of order) {
    batch.push(statistics);
    columns += statistics.subject.columns.length;
    if (batch.length < maxBatch.relations && columns < maxBatch.columns) continue;
    yield batch;
    batch = [];
    columns = 0;
  }
  if (batch.length > 0) yield batch;
}

/**
 * The view shows columns that this user may read, and names relations only. It is a security barrier: the condition on
 * the name alone lets the server look into it with an index.
 */
function statisticsQuery(batch: readonly StatisticsData[], { rangeStatistics }: Capabilities): string {
  const names = (of: (statistics: StatisticsData) => string): string =>
    `ARRAY[${batch.map((statistics) => quoteConformingLiteral(of(statistics))).join(", ")}]::pg_catalog.name[]`;
  const columns = attributeStatistics.map(([name]) =>
    name.startsWith("range_") && !rangeStatistics ? `NULL AS ${name}` : `s.${name}`,
  );
  return `
    SELECT s.schemaname, s.tablename, s.attname, ${columns.join(", ")}
    FROM pg_catalog.pg_stats s
      JOIN ROWS FROM (pg_catalog.unnest(${names(({ schema }) => schema)}), pg_catalog.unnest(${names(({ name }) => name)}))
        AS u (schemaname, tablename) ON s.schemaname = u.schemaname AND s.tablename = u.tablename
    WHERE s.tablename = ANY(${names(({ name }) => name)})
    ORDER BY s.schemaname, s.tablename, s.attname, s.inherited`;
}
