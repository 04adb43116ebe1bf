import { test } from "vitest";
import type { PostgresMajor } from "../helpers/postgres-packages.ts";
import { expectSamplesToHold } from "../helpers/random-samples.ts";

/** Of 16 there is no stock pg_restore here, and that of 17 sets what 16 does not know. */
const majors: readonly PostgresMajor[] = [10, 11, 12, 13, 14, 15, 17, 18, 18, 18];
const databases = Array.from({ length: 50 }, (_, index) => [majors[index % majors.length]!, 100 + index] as const);

test.each(databases)("samples of random foreign keys restore: PostgreSQL %i, seed %i", (major, seed) =>
  expectSamplesToHold(major, seed),
);
