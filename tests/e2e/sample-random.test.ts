import { test } from "vitest";
import { expectSamplesToHold } from "../helpers/random-samples.ts";

test("samples of random foreign keys restore, and the same seed gives the same rows", () => expectSamplesToHold(18, 1));
