import { describeRoundTrip } from "./round-trip-suite.ts";

describeRoundTrip(13, "main");
