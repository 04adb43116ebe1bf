import { describeMovingUp } from "./moving-up-suite.ts";

describeMovingUp([11, 12, 14, 17]);
