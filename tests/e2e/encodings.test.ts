import { describeEncodings } from "./encodings-suite.ts";

describeEncodings(10, ["SQL_ASCII"]);
describeEncodings(18, ["LATIN1", "EUC_JP", "SQL_ASCII"]);
