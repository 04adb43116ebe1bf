import { catalogueFaultsSuite } from "./catalogue-faults-suite.ts";

catalogueFaultsSuite({ kills: 2, diskSizes: [8, 64, 112], seed: 1 });
