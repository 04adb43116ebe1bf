import { simulatorSuite } from "./simulator-suite.ts";

for (let first = 200_000; first < 225_000; first += 5000) simulatorSuite({ first, count: 5000 });
