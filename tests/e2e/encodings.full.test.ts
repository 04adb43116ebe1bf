import { allEncodings, describeEncodings } from "./encodings-suite.ts";

for (const major of [10, 11, 12, 13, 14, 15, 16, 17] as const) describeEncodings(major);
describeEncodings(18, allEncodings);
