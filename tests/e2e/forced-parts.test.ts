import { describeForcedParts } from "./forced-parts-suite.ts";

describeForcedParts(18, []);
