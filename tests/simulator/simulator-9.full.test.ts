import { simulatorSuite } from "./simulator-suite.ts";

for (let first = 900_000; first < 910_000; first += 5000) simulatorSuite({ first, count: 5000 });
