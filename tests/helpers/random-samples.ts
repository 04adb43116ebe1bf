import { expect } from "vitest";
import type { SampleChoice } from "../../src/ports/sample.ts";
import { dumpToMemory } from "./dump-to-memory.ts";
import type { PostgresMajor } from "./postgres-packages.ts";
import { randomReferences } from "./random-references.ts";
import { plannedRows, restoredSample } from "./restored-sample.ts";
import { sharedServer } from "./shared-servers.ts";
import { withDatabase } from "./test-database.ts";

/** Samples a random database at 1, 10 and 50 percent, restores each, and makes it a second time. */
export async function expectSamplesToHold(major: PostgresMajor, seed: number): Promise<void> {
  await using database = await withDatabase(await sharedServer(major));
  await database.sql(randomReferences(seed, major).join(";\n"));
  for (const value of [1, 10, 50]) {
    const sample: SampleChoice = { kind: "percent", value, seed };
    const first = await restoredSample(database, sample);
    expect(first.rows).toEqual(plannedRows(first.plan));
    const again = await dumpToMemory(database.server, database.name, { sample, jobs: 2 });
    expect(again.result.sample).toEqual(first.plan);
    const checksums = again.result.tables!.map(({ schema, name, checksum }) => [`${schema}.${name}`, checksum]);
    expect(Object.fromEntries(checksums)).toEqual(first.checksums);
  }
}
