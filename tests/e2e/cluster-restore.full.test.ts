import { describe } from "vitest";
import { clusterRoundTrip } from "./cluster-suite.ts";

describe.each([13, 15, 17] as const)("PostgreSQL %s", clusterRoundTrip);
