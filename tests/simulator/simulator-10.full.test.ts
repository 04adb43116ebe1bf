import { simulatorSuite } from "./simulator-suite.ts";

for (let first = 1_000_000; first < 1_010_000; first += 5000) simulatorSuite({ first, count: 5000 });
