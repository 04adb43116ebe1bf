import { faultPointsSuite } from "./fault-points-suite.ts";

faultPointsSuite({ points: 42, seed: 11 });
