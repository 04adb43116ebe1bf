import { describeMovingUp } from "./moving-up-suite.ts";

describeMovingUp([10, 13, 15, 16]);
