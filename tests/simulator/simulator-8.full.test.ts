import { simulatorSuite } from "./simulator-suite.ts";

for (let first = 800_000; first < 810_000; first += 5000) simulatorSuite({ first, count: 5000 });
