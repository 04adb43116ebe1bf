import { describe, expect, test } from "vitest";
import type { SampleChoice } from "../../src/ports/sample.ts";
import { dumpToMemory } from "../helpers/dump-to-memory.ts";
import type { PostgresMajor } from "../helpers/postgres-packages.ts";
import { plannedRows, restoredSample } from "../helpers/restored-sample.ts";
import { sampleSchema } from "../helpers/sample-schema.ts";
import { sharedServer } from "../helpers/shared-servers.ts";
import { type TestDatabase, withDatabase } from "../helpers/test-database.ts";

export const percent = (value: number, seed = 7): SampleChoice => ({ kind: "percent", value, seed });

export async function withSchema(major: PostgresMajor): Promise<TestDatabase> {
  const database = await withDatabase(await sharedServer(major));
  await database.sql(sampleSchema(major));
  return database;
}

/** Samples of a schema with foreign keys of every kind. */
export function sampleReferencesSuite(major: PostgresMajor): void {
  describe(`on PostgreSQL ${major}`, () => {
    test("samples restore without a violated constraint, and hold what was announced", async () => {
      await using database = await withSchema(major);
      for (const sample of [percent(40), { kind: "count", value: 20, seed: 1 } as const]) {
        const { plan, rows } = await restoredSample(database, sample);
        expect(rows).toEqual(plannedRows(plan));
      }
    });

    test("the same seed chooses the same rows, wherever they lie and however many connections read", async () => {
      await using database = await withSchema(major);
      const first = await dumpToMemory(database.server, database.name, { sample: percent(10) });
      await database.sql(`UPDATE orders SET what = what WHERE id % 3 = 0; CLUSTER customers USING customers_pkey;
      DELETE FROM log; INSERT INTO log SELECT 1 + i % 50, 'line ' || i % 300 FROM generate_series(1500, 1, -1) i`);
      await database.sql("VACUUM FULL orders");
      const second = await dumpToMemory(database.server, database.name, { sample: percent(10), jobs: 3 });
      expect(second.result.sample!.tables.map(({ chosen, referenced }) => [chosen, referenced])).toEqual(
        first.result.sample!.tables.map(({ chosen, referenced }) => [chosen, referenced]),
      );
      expect(second.result.tables).toEqual(first.result.tables);
      const other = await dumpToMemory(database.server, database.name, { sample: percent(10, 8) });
      expect(other.result.tables).not.toEqual(first.result.tables);
    });
  });
}
