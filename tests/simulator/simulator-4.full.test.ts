import { simulatorSuite } from "./simulator-suite.ts";

for (let first = 400_000; first < 410_000; first += 5000) simulatorSuite({ first, count: 5000 });
