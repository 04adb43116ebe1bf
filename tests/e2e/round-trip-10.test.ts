import { describeRoundTrip } from "./round-trip-suite.ts";

describeRoundTrip(10, "all");
