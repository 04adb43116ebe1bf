import { describeRoundTrip } from "./round-trip-suite.ts";

describeRoundTrip(15, "main");
