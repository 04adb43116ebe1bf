import { describeForcedParts } from "./forced-parts-suite.ts";

for (const major of [10, 11, 12, 13, 14, 15, 16, 17, 18] as const) {
  describeForcedParts(major, ["directory", "tar", "plain"]);
}
