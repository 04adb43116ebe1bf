import { simulatorSuite } from "./simulator-suite.ts";

for (let first = 600_000; first < 610_000; first += 5000) simulatorSuite({ first, count: 5000 });
