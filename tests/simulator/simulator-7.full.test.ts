import { simulatorSuite } from "./simulator-suite.ts";

for (let first = 700_000; first < 710_000; first += 5000) simulatorSuite({ first, count: 5000 });
