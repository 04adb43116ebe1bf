import { flipsSuite } from "./flips-suite.ts";

flipsSuite(2000, 50);
