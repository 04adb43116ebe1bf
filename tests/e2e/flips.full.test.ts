import { flipsSuite } from "./flips-suite.ts";

flipsSuite(20_000, 50);
