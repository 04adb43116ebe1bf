import { simulatorSuite } from "./simulator-suite.ts";

for (let first = 200_000; first < 210_000; first += 5000) simulatorSuite({ first, count: 5000 });
