import { s3FaultsSuite } from "./s3-faults-suite.ts";

s3FaultsSuite(
  "backups over a disturbed S3, part 1 of 5",
  Array.from({ length: 100 }, (_, index) => index + 1001),
);
