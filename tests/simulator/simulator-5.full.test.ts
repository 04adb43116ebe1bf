import { simulatorSuite } from "./simulator-suite.ts";

for (let first = 500_000; first < 510_000; first += 5000) simulatorSuite({ first, count: 5000 });
