import { test } from "vitest";
import { expectSamplesToHold } from "../helpers/random-samples.ts";

test.each([
  [18, 1],
  [12, 3],
] as const)(
  "samples of random foreign keys restore, and the same seed gives the same rows: PostgreSQL %i, seed %i",
  (major, seed) => expectSamplesToHold(major, seed),
);
