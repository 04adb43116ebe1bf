import { simulatorSuite } from "./simulator-suite.ts";

for (let first = 300_000; first < 310_000; first += 5000) simulatorSuite({ first, count: 5000 });
