import { describeRoundTrip } from "./round-trip-suite.ts";

describeRoundTrip(18, "all");
