import { faultPointsSuite } from "./fault-points-suite.ts";

faultPointsSuite({ points: 504, seed: 7919 });
