import { catalogueFaultsSuite } from "./catalogue-faults-suite.ts";

catalogueFaultsSuite({ kills: 25, diskSizes: Array.from({ length: 40 }, (_, step) => 4 + 4 * step), seed: 2 });
