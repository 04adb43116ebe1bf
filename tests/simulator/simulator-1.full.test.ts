import { simulatorSuite } from "./simulator-suite.ts";

for (let first = 100_000; first < 110_000; first += 5000) simulatorSuite({ first, count: 5000 });
