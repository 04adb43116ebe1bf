import { s3FaultsSuite } from "./s3-faults-suite.ts";

s3FaultsSuite(
  "backups over a disturbed S3",
  Array.from({ length: 500 }, (_, index) => index + 1001),
);
